"""A project with planted mistakes: each is found at its line with its code, and nothing else is."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from asyncshift.analysis.program import Program
from asyncshift.analysis.settings import Settings
from asyncshift.checks.engine import check

HOME = Path(__file__).parent / "planted"
MARK = re.compile(r"# ((?:AS\d{3} ?)+)[^#]*$")
KINDS = 100


@pytest.fixture(scope="module")
def planted() -> set[tuple[str, int, str]]:
    """Path, line and code of each mistake, as the last comment of its line says first."""
    return {
        (path.relative_to(HOME).as_posix(), number, code)
        for path in HOME.rglob("*.py")
        for number, line in enumerate(path.read_text("utf-8").splitlines(), 1)
        if (mark := MARK.search(line))
        for code in mark[1].split()
    }


@pytest.fixture(scope="module")
def found() -> set[tuple[str, int, str]]:
    """Path, line and code of each finding."""
    contents = {path.relative_to(HOME).as_posix(): path.read_bytes() for path in HOME.rglob("*.py")}
    program = Program.of_contents(HOME, contents, Settings())
    return {(finding.path, finding.line, finding.code) for finding in check(program)}


def test_all_are_found(planted: set[tuple[str, int, str]], found: set[tuple[str, int, str]]) -> None:
    assert sorted(planted - found) == []


def test_nothing_else_is_found(planted: set[tuple[str, int, str]], found: set[tuple[str, int, str]]) -> None:
    assert sorted(found - planted) == []


def test_there_are_many_kinds(planted: set[tuple[str, int, str]]) -> None:
    assert len(planted) >= KINDS
