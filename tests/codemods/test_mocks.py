"""Mocks: the suites in `mocks/` run before and after."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import pytest

from asyncshift.analysis.decisions import Plan, Status

from .harness import MODELS
from .suites import outcomes
from .whole import HERE, migrate

FILES = sorted((HERE / "mocks").glob("*.md"))
SETTINGS = "[pytest]\nasyncio_mode = auto\n"


@dataclass(frozen=True, slots=True)
class Case:
    """One heading of a case file: a test module before and after; `concern` is the beginning of the one it declines.

    `runs`: is there text for what comes of it, which passes as it did before?
    """

    file: str
    name: str
    before: str
    after: str
    concern: str
    runs: bool

    @property
    def module(self) -> str:
        return "test_" + re.sub(r"\W+", "_", self.name.lower()).strip("_") + ".py"


def read(path: Path) -> tuple[dict[str, str], list[Case]]:
    """The application that a case file begins with, and its cases."""
    head, *sections = re.split(r"^## ", path.read_text("utf-8"), flags=re.M)
    parts = re.split(r"^# file: (\S+)\n", _blocks(head)[0], flags=re.M)
    application = dict(zip(parts[1::2], parts[2::2], strict=True))
    return application, [_case(path.stem, *section.split("\n", 1)) for section in sections]


def _case(file: str, name: str, body: str) -> Case:
    blocks = _blocks(body)
    concern = re.search(r"^Declined: (.*)$", body, re.M)
    assert len(blocks) == 2 or (concern and len(blocks) == 1), (
        f"{file}: {name}: a block before and one after are expected"
    )
    return Case(file, name.strip(), blocks[0], blocks[-1], concern[1] if concern else "", len(blocks) == 2)


def _blocks(text: str) -> list[str]:
    return re.findall(r"^```python\n(.*?)^```$", text, re.M | re.S)


ALL = [pytest.param(case, id=f"{case.file}: {case.name}") for path in FILES for case in read(path)[1]]


@cache
def migrated(case: Case) -> tuple[dict[str, str], Plan]:
    """The application and the case's module after the migration."""
    application, _ = read(HERE / "mocks" / f"{case.file}.md")
    files = {**application, case.module: case.before}
    changed, plan = migrate(files)
    return {**files, **{path: content.decode() for path, content in changed.items()}}, plan


@pytest.mark.parametrize("case", ALL)
def test_text(case: Case) -> None:
    after, plan = migrated(case)
    concerns = [d.concern for d in plan if d.status is Status.DECLINED]
    if case.concern:
        assert any(concern.startswith(case.concern) for concern in concerns), concerns
    if not case.runs:
        return
    assert after[case.module] == case.after
    assert case.concern or not concerns
    assert migrate(after)[0] == {}, "a second time changes something"


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_outcomes(path: Path, tmp_path: Path) -> None:
    """The suites of a case file pass before and after, all cases beside one application."""
    application, cases = read(path)
    cases = [case for case in cases if case.runs]
    before = {**application, **{case.module: case.before for case in cases}}
    after = {name: text for case in cases for name, text in migrated(case)[0].items()}
    assert _outcomes(tmp_path / "before", before) == _outcomes(tmp_path / "after", after)


def _outcomes(root: Path, files: dict[str, str]) -> dict[str, str]:
    root.mkdir()
    for name, text in {"models.py": MODELS, "pytest.ini": SETTINGS, **files}.items():
        (root / name).write_text(text, "utf-8")
    found = outcomes(root)
    assert set(found.values()) == {"passed"}
    return found
