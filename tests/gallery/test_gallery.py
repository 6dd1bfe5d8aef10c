"""The gallery: structures of grown code bases, each with applications that run before and after, and ones that stay."""

from __future__ import annotations

from pathlib import Path

import pytest

from ..codemods.whole import Case, cases, check, migrated, read_cases
from .applications import result

HERE = Path(__file__).parent
# Structure -> the files with its cases: those here, and folders of cases that belong to one codemod.
STRUCTURES = {
    "adapters": ("adapters",),
    "blocking calls": ("blocking_calls",),
    "bridges": ("bridges",),
    "calls of every shape": ("await_calls", "mapped_calls", "decorators"),
    "callables": (f"{HERE}: callables",),
    "classes": (f"{HERE}: classes",),
    "contexts and generators": (f"{HERE}: contexts", "exit_stacks"),
    "entry points": (f"{HERE}: entries", "entry_points"),
    "locks and sleeps": ("locks", "sleeps"),
    "partial migrations": (f"{HERE}: partial", "border_calls"),
    "sessions": (f"{HERE}: sessions",),
}
ENOUGH = 80


@pytest.mark.parametrize("case", cases(str(HERE)))
def test_case(case: Case, tmp_path: Path) -> None:
    check(case, tmp_path)
    after, _ = migrated(case)
    if after != case.project and not case.declined:
        assert result(case, tmp_path / "new", after) == result(case, tmp_path / "old", case.project)


def _of(place: str) -> list[Case]:
    folder, _, file = place.partition(": ")
    return [case for case in read_cases(folder) if case.name.startswith(f"{file}:" if file else "")]


def _runs(case: Case) -> bool:
    text = case.before.get("app.py", "")
    return (
        not case.declined
        and case.before != case.after
        and any(w in text for w in ("def run(db", "__main__", "REQUESTS"))
    )


@pytest.mark.parametrize("structure", STRUCTURES)
def test_a_structure_has_cases_that_run_and_one_that_is_declined(structure: str) -> None:
    found = [case for place in STRUCTURES[structure] for case in _of(place)]
    assert any(map(_runs, found))
    assert any(case.declined for case in found)


def test_there_are_enough_cases_that_run() -> None:
    assert sum(_runs(c) for places in STRUCTURES.values() for place in places for c in _of(place)) > ENOUGH
