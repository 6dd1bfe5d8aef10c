"""Implicit I/O: the cases in `implicit_io/` run before and after."""

from __future__ import annotations

from pathlib import Path

import pytest

from .suites import follows
from .whole import Case, cases, check


@pytest.mark.parametrize("case", cases("implicit_io"))
def test_case(case: Case, tmp_path: Path) -> None:
    check(case, tmp_path)


def test_a_mock_that_is_read_behind_what_may_roll_back(tmp_path: Path) -> None:
    """It has nothing to await: the read stays as it is, and is reported."""
    code = """\
from sqlalchemy.orm import Session

from application import Item, names


def note(db: Session) -> None:
    try:
        names(db)
    except ValueError:
        db.rollback()


def label(db: Session, number: int) -> str:
    item = db.get(Item, number)
    note(db)
    return item.name.upper()
"""
    test = """\
from unittest.mock import MagicMock

from labels import label


def test_label():
    item = MagicMock()
    item.name = "a"
    db = MagicMock()
    db.get.return_value = item
    assert label(db, 1) == "A"
"""
    decisions = follows(tmp_path, {"labels.py": code, "test_it.py": test})
    assert any("tests pass a mock" in d.concern for d in decisions)
