"""What the plan left is told of findings at its place, and of no others beside it."""

from __future__ import annotations

import pytest

from asyncshift.analysis.decisions import Decision, Status
from asyncshift.analysis.source import Site
from asyncshift.checks.declined import declined
from asyncshift.checks.finding import Finding

CODE = b"rows = over(\n    db.commit(),\n    query,\n)\n"
WORDS = "the query can have one of several sessions"


@pytest.mark.parametrize(("line", "source", "told"), [(1, "over(db.commit(), query)", WORDS), (3, "query", WORDS)])
def test_what_was_left_is_told(line: int, source: str, told: str) -> None:
    found = Finding("app.py", line, 0, line, 9, "AS103", "query() is left", source=source)
    assert _told(found) == {found: told}


def test_another_mistake_within_its_lines_is_not() -> None:
    assert _told(Finding("app.py", 2, 4, 2, 15, "AS201", "db.commit() is not awaited", source="db.commit()")) == {}


def _told(found: Finding) -> dict[Finding, str]:
    left = Decision("query-to-select", Site("app.py", 1, 0, 4, 1), "left as it is", Status.DECLINED, concern=WORDS)
    return declined([left], [found], {"app.py": CODE}, {"app.py": CODE})
