"""query-to-select in code that stays sync: a query whose mocks can't follow stays, so that the suite says the same."""

from __future__ import annotations

from pathlib import Path

import pytest

from asyncshift.analysis.decisions import Plan, Status
from asyncshift.analysis.program import Program
from asyncshift.analysis.settings import Settings
from asyncshift.analysis.source import Source
from asyncshift.codemods import mocks, query_to_select
from asyncshift.codemods.engine import rewrite

from .suites import outcomes
from .whole import migrate

DATABASE = """
from contextlib import contextmanager

from sqlalchemy.orm import sessionmaker

SessionLocal = sessionmaker()


@contextmanager
def scope():
    db = SessionLocal()
    try:
        yield db
    finally:
        db.close()
"""
MODELS = """
from sqlalchemy import Column, Integer, String
from sqlalchemy.orm import declarative_base

Base = declarative_base()


class User(Base):
    __tablename__ = "users"
    id = Column(Integer, primary_key=True)
    name = Column(String)
"""
USERS = """
from entities import User


def find(name):
    from database import scope
    from entities import User

    with scope() as db:
        return db.query(User).filter_by(name=name).first()


def is_known(name):
    from database import scope

    with scope() as db:
        return db.query(User).filter_by(name=name).first() is not None


def newest():
    from database import scope

    with scope() as db:
        return db.query(User).order_by(User.id.desc()).first()


def search(name):
    from database import scope

    with scope() as db:
        return db.query(User).filter_by(name=name).order_by(User.id).all()


def all_and_count():
    from database import scope

    with scope() as db:
        return db.query(User).all(), db.query(User).filter(User.id > 1).count()
"""
SUITE = """
import sys
from unittest.mock import MagicMock, patch

from users import all_and_count, find, is_known, newest, search


def test_the_class_is_a_mock():
    entities, module = sys.modules["entities"], MagicMock()
    sys.modules["entities"] = MagicMock()
    try:
        with patch.dict(sys.modules, {"database": module}):
            session = MagicMock()
            module.scope.return_value.__enter__.return_value = session
            session.query.return_value.filter_by.return_value.first.return_value = 1
            assert find("ada") == 1
    finally:
        sys.modules["entities"] = entities


def test_the_module_of_the_session_is_a_mock():
    with patch.dict("sys.modules", {"database": MagicMock()}):
        session = MagicMock()
        sys.modules["database"].scope.return_value.__enter__.return_value = session
        session.query.return_value.order_by.return_value.first.return_value = 1
        assert newest() == 1


def test_a_module_is_put_in_place(monkeypatch):
    module, session = MagicMock(), MagicMock()
    kept = sys.modules.get("database")
    sys.modules["database"] = module
    module.scope.return_value.__enter__.return_value = session
    session.query.return_value.order_by.return_value.first.return_value = 2
    try:
        assert newest() == 2
    finally:
        sys.modules.pop("database")
        if kept is not None:
            sys.modules["database"] = kept


@patch("database.scope")
def test_a_query_that_gives_itself(scope):
    session = MagicMock()
    scope.return_value.__enter__.return_value = session
    query = session.query.return_value
    query.filter_by.return_value = query
    query.order_by.return_value = query
    query.all.return_value = [1]
    assert search("ada") == [1]


@patch("database.scope")
def test_queries_in_turn(scope):
    session, users, number = MagicMock(), MagicMock(), MagicMock()
    scope.return_value.__enter__.return_value = session
    users.all.return_value = [1]
    number.filter.return_value.count.return_value = 3
    session.query.side_effect = iter([users, number])
    assert all_and_count() == ([1], 3)


@patch("database.scope")
def test_one_stays_and_one_does_not(scope):
    session = MagicMock()
    scope.return_value.__enter__.return_value = session
    session.query.return_value.filter_by.return_value.first.return_value = None
    assert find("ada") is None
    assert not is_known("ada")


@patch("database.SessionLocal")
def test_a_method_that_closes(factory):
    factory.return_value.close = MagicMock()
    factory.return_value.query.return_value.order_by.return_value.first.return_value = 3
    assert newest() == 3
    factory.return_value.close.assert_called_once_with()
"""
FILES = {"database.py": DATABASE, "entities.py": MODELS, "users.py": USERS, "test_users.py": SUITE}


@pytest.fixture(scope="module")
def alone() -> tuple[dict[str, str], Plan]:
    """The files after query-to-select and what goes with it, and the plan."""
    program = Program(Path(), {p: Source.parse(p, text.encode()) for p, text in FILES.items()}, Settings(), True)
    plan = Plan([*query_to_select.decide(program), *mocks.decide(program)])
    return {**FILES, **{path: new.decode() for path, new in rewrite(program, plan).items()}}, plan


def test_the_suite_says_the_same(alone: tuple[dict[str, str], Plan], tmp_path: Path) -> None:
    for name, files in (("before", FILES), ("after", alone[0])):
        (tmp_path / name).mkdir()
        for path, text in files.items():
            (tmp_path / name / path).write_text(text, "utf-8")
    found = outcomes(tmp_path / "before")
    assert set(found.values()) == {"passed"}
    assert outcomes(tmp_path / "after") == found


def test_what_stays_has_a_reason(alone: tuple[dict[str, str], Plan]) -> None:
    files, plan = alone
    concerns = sorted(d.concern for d in plan if d.status is Status.DECLINED)
    assert concerns == [
        "test_users.py:10 puts a mock in the place of User, which a select refuses",
        "test_users.py:60 sets up a mock for it, which could not follow",
        "test_users.py:60 sets up a mock for it, which could not follow",
    ]
    assert files["users.py"].count(".query(") == 3
    assert (
        "    session.query.return_value.filter_by.return_value.first.return_value = None\n"
        "    session.scalars.return_value.first.return_value = None\n"
    ) in files["test_users.py"]
    assert "AsyncMock" not in files["test_users.py"]


def test_a_whole_migration_reports_the_mocked_class() -> None:
    concerns = [d.concern for d in migrate(FILES)[1] if d.status is Status.DECLINED and d.codemod == "mocks"]
    assert "select() refuses a mock in the place of User: patch what runs the query" in concerns
