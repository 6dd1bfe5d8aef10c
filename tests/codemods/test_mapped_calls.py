"""`map` and `filter`: the cases in `mapped_calls/` run before and after."""

from __future__ import annotations

from pathlib import Path

import pytest

from .whole import Case, cases, check, migrate


@pytest.mark.parametrize("case", cases("mapped_calls"))
def test_case(case: Case, tmp_path: Path) -> None:
    check(case, tmp_path)


MAPPED = """\
from sqlalchemy.orm import Session

from models import User


def load(db: Session, item, id):
    return db.get(User, id)


def run(db: Session):
    item = 1
    return [user.name for user in list(map({function}, [1, 2] if item else []))]
"""


@pytest.mark.parametrize(
    ("function", "after"),
    [
        ("lambda id: load(db, item, id)", "[await load(db, item, id) for id in ([1, 2] if item else [])]"),
        ("partial(load, db, item)", "[await load(db, item, each) for each in ([1, 2] if item else [])]"),
    ],
)
def test_a_comprehension_captures_no_name(function: str, after: str) -> None:
    text = "from functools import partial\n" + MAPPED.format(function=function)
    changed, _ = migrate({"app.py": text})
    assert after in changed["app.py"].decode()
