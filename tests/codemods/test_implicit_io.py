"""Implicit I/O: the cases in `implicit_io/` run before and after."""

from __future__ import annotations

from pathlib import Path

import pytest

from asyncshift.analysis.decisions import Status

from .harness import HERE
from .suites import follows
from .whole import Case, cases, check, migrate


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


TOLD = """\
from sqlalchemy import select, text
from sqlalchemy.orm import Session

from models import Book


class Shelf:
    def __init__(self, db: Session):
        self.db = db

    def change(self) -> None:
        self.db.execute(text("UPDATE books SET pages = 7"))
        self.db.commit()


def without_session(shelf: Shelf, book: Book) -> tuple[int, int]:
    before = book.pages
    shelf.change()
    return before, book.pages


def several(db: Session) -> list[int]:
    books = db.scalars(select(Book)).all()
    db.execute(text("UPDATE books SET pages = 7"))
    db.commit()
    return [book.pages for book in books]
"""


def concerns(code: str) -> list[str]:
    """What is told of the lines of code as they are, with the schema of the cases."""
    _, plan = migrate({"models.py": (HERE / "implicit_io/models.py").read_bytes(), "app.py": code})
    return [d.concern for d in plan.decisions if d.codemod == "implicit-io" and d.status is Status.DECLINED]


def test_objects_that_nothing_can_refresh_are_told() -> None:
    assert concerns(TOLD) == [
        "book.pages may be out of date behind the commit: no session is at hand there",
        "books may be out of date behind the commit: each object in books would have to be refreshed",
    ]


UNFLUSHED = """\
from sqlalchemy import text
from sqlalchemy.orm import Session

from models import Book


def run(db: Session) -> str:
    book = db.get(Book, 1)
    db.execute(text("UPDATE books SET pages = 7"))
    db.commit()
    book.title = "new"
    with db.no_autoflush:
        return db.query(Book).filter(Book.id == 1).one().title
"""


def test_a_query_that_nothing_flushes_before_is_told() -> None:
    assert concerns(UNFLUSHED) == [
        "it gives what the session has, which may be out of date: "
        "what is not written yet would be lost, as nothing flushes before it"
    ]
