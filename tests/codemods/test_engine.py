"""The engine: decisions become edits of files; what does not go together, or fails, is declined and harms nothing."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from asyncshift.analysis.decisions import Decision, Plan, Status
from asyncshift.analysis.program import Program
from asyncshift.analysis.settings import Settings
from asyncshift.analysis.source import BrokenInput, Site, Source
from asyncshift.codemods import engine
from asyncshift.codemods.edit import Edit, Import, Replace, Wrap

ONE = "value = 1\nother = 2\n"
Codemods = Callable[..., None]


@pytest.fixture
def codemods(monkeypatch: pytest.MonkeyPatch) -> Codemods:
    """Sets the codemods that there are: name -> the edits of its only decision, or what it raises."""

    def set_all(**edits: list[Edit] | Exception) -> None:
        monkeypatch.setattr(engine, "CODEMODS", {name: codemod(name, wanted) for name, wanted in edits.items()})

    return set_all


def codemod(name: str, edits: list[Edit] | Exception, **data: Any) -> SimpleNamespace:
    def decide(program: Program) -> Iterator[Decision]:
        yield Decision(name, Site("app.py", 1, 0, 1, 9), f"do {name}", data=data)

    def rewrite(decision: Decision, program: Program) -> Iterator[Edit]:
        if isinstance(edits, Exception):
            raise edits
        yield from edits

    return SimpleNamespace(NAME=name, decide=decide, rewrite=rewrite, __doc__=f"What {name} does.\n\nMore.")


def program(files: Mapping[str, str | bytes], root: Path = Path("/nowhere")) -> Program:
    contents = {path: text.encode() if isinstance(text, str) else text for path, text in files.items()}
    return Program(root, {path: Source.parse(path, content) for path, content in contents.items()}, Settings())


def concerns(plan: Plan) -> dict[str, str]:
    return {d.codemod: d.concern for d in plan if d.status is Status.DECLINED}


def carried_out(text: str | bytes, *, faults: bool = True) -> tuple[str, Plan]:
    project = program({"app.py": text})
    plan = engine.make_plan(project, faults=faults)
    changed = engine.rewrite(project, plan, faults=faults)
    return changed.get("app.py", text.encode() if isinstance(text, str) else text).decode(), plan


def test_edits_of_several_codemods_meet_in_one_file(codemods: Codemods) -> None:
    codemods(first=[Replace(8, 9, "os.sep")], second=[Wrap(8, 9, "(", ")")], third=[Import("os")])
    after, plan = carried_out(ONE)
    assert after == "import os\n\nvalue = (os.sep)\nother = 2\n"
    assert not concerns(plan)


def test_of_two_that_claim_the_same_bytes_one_is_declined(codemods: Codemods) -> None:
    codemods(first=[Replace(8, 9, "10")], second=[Replace(8, 9, "11"), Replace(18, 19, "20")])
    after, plan = carried_out(ONE)
    assert after == "value = 10\nother = 2\n", "no part of the declined rewrite is made"
    assert concerns(plan) == {"second": "this rewrite could not be made: bytes 8 to 9 are claimed twice"}


def test_wraps_that_cross(codemods: Codemods) -> None:
    codemods(first=[Wrap(0, 9, "(", ")")], second=[Wrap(8, 19, "(", ")")])
    _, plan = carried_out("value + 1 + 2 + other\n")
    assert list(concerns(plan)) == ["second"]


def test_a_rewrite_that_gives_broken_code_is_declined_alone(codemods: Codemods) -> None:
    codemods(first=[Replace(8, 9, "10")], second=[Replace(18, 19, "(")])
    after, plan = carried_out(ONE)
    assert after == "value = 10\nother = 2\n"
    assert "in the rewritten file: other = (" in concerns(plan)["second"]
    assert "app.py:2" in concerns(plan)["second"]


def test_await_outside_of_an_async_function_is_seen_when_both_sides_are_there(
    monkeypatch: pytest.MonkeyPatch, codemods: Codemods
) -> None:
    codemods(**{"async-def": [], "await-calls": [Wrap(8, 9, "await ", "")]})
    after, plan = carried_out("value = f\n")
    assert after == "value = f\n"
    assert list(concerns(plan)) == ["await-calls"]
    codemods(**{"await-calls": [Wrap(8, 9, "await ", "")]})
    assert carried_out("value = f\n")[0] == "value = await f\n", "alone it is not asked for more than syntax"


@pytest.mark.parametrize("faults", [True, False])
def test_a_fault_of_a_rewrite(codemods: Codemods, faults: bool) -> None:
    codemods(first=[Replace(8, 9, "10")], second=ValueError("oh"))
    if faults:
        with pytest.raises(ValueError, match="oh"):
            carried_out(ONE, faults=True)
        return
    after, plan = carried_out(ONE, faults=False)
    assert after == "value = 10\nother = 2\n"
    assert concerns(plan) == {"second": "this rewrite failed, --debug shows where (ValueError: oh)"}


@pytest.mark.parametrize("faults", [True, False])
def test_a_fault_of_a_decision(monkeypatch: pytest.MonkeyPatch, faults: bool) -> None:
    def decide(project: Program) -> Iterator[Decision]:
        yield Decision("second", Site("app.py", 1, 0, 1, 9), "half of what it would do")
        raise KeyError("oh")

    broken = SimpleNamespace(NAME="second", decide=decide, rewrite=lambda d, p: ())
    first = codemod("first", [Replace(8, 9, "10")])
    monkeypatch.setattr(engine, "CODEMODS", {"first": first, "second": broken})
    if faults:
        with pytest.raises(KeyError):
            carried_out(ONE, faults=True)
        return
    after, plan = carried_out(ONE, faults=False)
    assert after == "value = 10\nother = 2\n"
    assert concerns(plan) == {"second": "second failed, --debug shows where (KeyError: 'oh')"}
    assert len(plan) == 2, "a codemod that fails does nothing by halves"


def test_input_that_is_broken_is_told_whatever_happens(monkeypatch: pytest.MonkeyPatch) -> None:
    def decide(project: Program) -> Iterator[Decision]:
        raise BrokenInput("pyproject.toml:3: not TOML")
        yield

    broken = SimpleNamespace(NAME="first", decide=decide, rewrite=lambda d, p: ())
    monkeypatch.setattr(engine, "CODEMODS", {"first": broken})
    with pytest.raises(BrokenInput, match=r"pyproject.toml:3"):
        engine.make_plan(program({"app.py": ONE}), faults=False)


def test_what_is_taken_out_is_not_rewritten(monkeypatch: pytest.MonkeyPatch) -> None:
    taking = codemod("first", [Replace(0, 10, "")], gone=[(0, 10)])
    inside = codemod("second", [Replace(8, 9, "10")])
    monkeypatch.setattr(engine, "CODEMODS", {"first": taking, "second": inside})
    after, plan = carried_out(ONE)
    assert after == "other = 2\n"
    assert [d.codemod for d in plan] == ["first"]


def test_kept_and_declined_decisions_change_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    def decide(project: Program) -> Iterator[Decision]:
        for status in (Status.KEPT, Status.DECLINED):
            yield Decision("first", Site("app.py", 1, 0, 1, 9), "leave", status)

    lazy = SimpleNamespace(NAME="first", decide=decide, rewrite=lambda d, p: [Replace(8, 9, "10")])
    monkeypatch.setattr(engine, "CODEMODS", {"first": lazy})
    assert carried_out(ONE)[0] == ONE


def test_a_decision_on_a_file_that_is_not_python(monkeypatch: pytest.MonkeyPatch) -> None:
    def decide(project: Program) -> Iterator[Decision]:
        yield Decision("first", Site("setup.cfg", 1, 0, 1, 0), "list it")

    def project_files(project: Program, plan: Plan, changed: dict[str, bytes]) -> dict[str, bytes]:
        return {"setup.cfg": b"[new]\n"}

    other = SimpleNamespace(NAME="first", decide=decide, rewrite=lambda d, p: (), project_files=project_files)
    monkeypatch.setattr(engine, "CODEMODS", {"first": other})
    project = program({"app.py": ONE})
    assert engine.rewrite(project, engine.make_plan(project)) == {"setup.cfg": b"[new]\n"}


def test_an_import_that_others_asked_for_goes_with_them(monkeypatch: pytest.MonkeyPatch) -> None:
    """`b` imports `sep` from `a`; neither uses it any longer."""
    files = {"a.py": "from os import sep\n\nvalue = sep\n", "b.py": "from a import sep\n\nother = sep\n"}

    def decide(project: Program) -> Iterator[Decision]:
        yield Decision("first", Site("a.py", 3, 0, 3, 9), "change")
        yield Decision("first", Site("b.py", 3, 0, 3, 11), "change")

    def rewrite(decision: Decision, project: Program) -> list[Edit]:
        at = (28, 31, "2") if decision.site.path == "a.py" else (27, 30, "'/'")
        return [Replace(*at)]

    monkeypatch.setattr(engine, "CODEMODS", {"first": SimpleNamespace(NAME="first", decide=decide, rewrite=rewrite)})
    project = program(files)
    changed = engine.rewrite(project, engine.make_plan(project))
    assert changed == {"a.py": b"value = 2\n", "b.py": b"other = '/'\n"}


def test_all_codemods_are_found_by_their_files() -> None:
    folder = Path(engine.__file__).parent
    with_names = [p for p in folder.glob("*.py") if "\nNAME = " in p.read_text("utf-8")]
    assert len(engine.CODEMODS) == len(with_names)
    assert all(callable(c.decide) and callable(c.rewrite) for c in engine.CODEMODS.values())
    assert set(engine.CODEMODS) >= engine.TOGETHER


def test_the_summary_is_the_first_line() -> None:
    assert engine.summary(codemod("first", [])) == "What first does."  # type: ignore[arg-type]
