"""Local names that a rewrite leaves without a reader."""

from __future__ import annotations

from textwrap import dedent

import pytest

from asyncshift.analysis.source import Source
from asyncshift.codemods.unread_locals import without_unread

from .whole import migrate

BEFORE = """\
def chosen(self, job):
    db = self.db
    {before}
"""


def kept(before: str, after: str) -> str:
    return without_unread(Source.parse("app.py", dedent(before).encode()), dedent(after).encode()).decode()


@pytest.mark.parametrize(
    "now",
    [
        pytest.param("return db", id="read"),
        pytest.param("return lambda: db", id="read by a lambda"),
        pytest.param("return locals()", id="read with all others"),
        pytest.param("db = self.other", id="given something else"),
        pytest.param("return [db for self.x in ()]", id="read in a comprehension"),
    ],
)
def test_what_is_read_stays(now: str) -> None:
    after = BEFORE.format(before=now)
    assert kept(BEFORE.format(before="return db.query(1)"), after) == after


@pytest.mark.parametrize("statement", ["db = make()", "db = self.dbs[0]", "db, x = self.pair", "db = other = self.db"])
def test_what_may_do_more_than_name_stays(statement: str) -> None:
    after = f"def f(self):\n    {statement}\n    return 1\n"
    assert kept(after.replace("return 1", "return db, x"), after) == after


def test_what_was_not_read_before_stays() -> None:
    text = BEFORE.format(before="return 1")
    assert kept(text, text) == text


def test_the_session_of_a_query_that_others_send() -> None:
    text = """\
    from sqlalchemy.orm import Session

    from models import User


    class Users:
        def __init__(self, db: Session):
            self.db = db

        def adults(self):
            db = self.db

            return db.query(User).filter(User.age > 17)

        def names(self):
            db = self.db
            return [user.name for user in self.adults()], db.query(User).count()
    """
    changed, _ = migrate({"app.py": dedent(text)})
    after = changed["app.py"].decode()
    assert "    def adults(self):\n        return select(User).where(User.age > 17)\n" in after
    assert after.count("db = self.db") == 1
