"""What the engine makes of what the rules find."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from asyncshift.analysis.program import Program
from asyncshift.analysis.settings import Settings
from asyncshift.checks import engine
from asyncshift.checks.finding import Finding, Step, finding
from asyncshift.checks.fix import Edit, Fix
from asyncshift.checks.outcome import Accepted, How, Outcome

BAD = """\
from sqlalchemy.ext.asyncio import AsyncSession


class Store:
    async def save(self, session: AsyncSession) -> None:
        def inner() -> None:
            session.query(1)
        session.commit()
"""
WHY = "Celery tasks run without an event loop"


def program(files: dict[str, str], keep_sync: dict[str, str] | None = None) -> Program:
    contents = {path: text.encode() for path, text in files.items()}
    return Program.of_contents(Path(), contents, Settings(keep_sync=keep_sync or {}))


def test_findings_are_in_order_and_name_their_function() -> None:
    found = engine.check(program({"b.py": BAD, "a.py": BAD}))
    assert [(f.path, f.line, f.code, f.function) for f in found] == [
        ("a.py", 7, "AS101", "Store.save.inner"),
        ("a.py", 8, "AS201", "Store.save"),
        ("b.py", 7, "AS101", "Store.save.inner"),
        ("b.py", 8, "AS201", "Store.save"),
    ]


def test_only_some_rules() -> None:
    assert [f.code for f in engine.check(program({"a.py": BAD}), ["AS201"])] == ["AS201"]


def test_what_a_kept_file_may_do_is_accepted() -> None:
    text = BAD + "        time.sleep(1)\n\n\nimport time\n"
    outcome = engine.examine(program({"worker.py": text}, {"worker.py": WHY}))
    assert [(a.finding.code, a.how, a.reason) for a in outcome.accepted] == [("AS501", How.KEPT, WHY)]
    assert [f.code for f in outcome.findings] == ["AS101", "AS201"]


def test_a_file_that_cannot_be_parsed_is_a_finding() -> None:
    found = engine.check(program({"a.py": "x = 1\ndef f(:\n", "b.py": BAD, "c.py": "\xff"}))
    assert [(f.path, f.line) for f in found if f.code == "AS901"] == [("a.py", 2)]
    assert {f.path for f in found} == {"a.py", "b.py"}


def test_not_utf_8() -> None:
    broken = Program.of_contents(Path(), {"a.py": b"x = 1\n# \xff\n"}, Settings())
    assert [(f.code, f.line) for f in engine.check(broken)] == [("AS901", 2)]


def test_a_rule_that_fails_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(program: Program) -> Iterator[Finding]:
        raise ZeroDivisionError("of all things")

    monkeypatch.setattr(engine.RULES["AS101"], "find", fail)
    outcome = engine.examine(program({"a.py": BAD}), faults=False)
    assert [f.code for f in outcome.findings] == ["AS201"]
    assert "AS101" in outcome.failures[0]
    assert "of all things" in outcome.failures[0]
    with pytest.raises(ZeroDivisionError):
        engine.check(program({"a.py": BAD}))


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("    session.commit( )\n", "    session . commit(\n    )  # why\n"),
        ("    pass\n    session.execute('a')\n", '    session.execute("a",)\n'),
    ],
)
def test_the_key_does_not_know_the_layout(one: str, other: str) -> None:
    head = "from sqlalchemy.ext.asyncio import AsyncSession\nasync def f(session: AsyncSession):\n"
    (first,) = engine.check(program({"a.py": head + one}))
    (second,) = engine.check(program({"a.py": "\n\n" + head + other}))
    assert first.key == second.key
    assert first.line != second.line


def test_why_it_cannot_await_is_told_in_the_words_of_the_plan() -> None:
    text = "from sqlalchemy.ext.asyncio import AsyncSession\ndb = AsyncSession(expire_on_commit=False)\ndb.commit()\n"
    (found,) = engine.check(program({"script.py": text}))
    why = "script.py stays sync: a module's body runs when it is imported, outside any event loop"
    assert found.chain == (Step("script.py", 1, why),)


def test_a_definition_is_its_heading() -> None:
    source = program({"a.py": "class A:\n    @x\n    def f(self,\n          b): # é\n        pass\n"}).sources["a.py"]
    function = source.tree.body[0].body[0]  # type: ignore[attr-defined]
    found = finding(source, function, "AS201", "m")
    assert (found.line, found.column, found.end_line, found.end_column) == (3, 4, 3, 15)
    assert (found.function, found.source) == ("A.f", "f")


def test_an_outcome_survives_json() -> None:
    found = Finding(
        "a", 1, 2, 3, 4, "AS201", "m", "f", (Step("b", 1, "t"),), "s", "", Fix((Edit(1, 2, "x"),), (("a", "b"),))
    )
    outcome = Outcome((found,), (Accepted(found, How.KEPT, "why"),), ("failed",))
    assert Outcome.from_json(outcome.as_json()) == outcome


def test_paths_move_in_chains_too() -> None:
    found = Finding("a", 1, 2, 3, 4, "AS201", "m", chain=(Step("b", 1, "t"),))
    moved = Outcome((found,), (Accepted(found, How.KEPT, ""),)).moved(lambda path: f"x/{path}")
    assert [f.path for f in (*moved.findings, moved.accepted[0].finding)] == ["x/a", "x/a"]
    assert moved.findings[0].chain[0].path == "x/b"
