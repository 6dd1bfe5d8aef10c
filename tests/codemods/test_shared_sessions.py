"""Sessions that a test shares with the application, whose requests expire what the test holds."""

from __future__ import annotations

from pathlib import Path

import pytest

from .suites import follows, text

HANDLERS = """\
from fastapi import Depends, FastAPI, HTTPException
from sqlalchemy.orm import Session

from application import Item, get_db

app = FastAPI()


@app.put("/items/{key}")
def rename(key: int, name: str, db: Session = Depends(get_db)):
    item = db.get(Item, key)
    item.name = name
    if name == "taken":
        db.rollback()
        raise HTTPException(409)
    db.commit()


@app.delete("/items")
def forget(db: Session = Depends(get_db)):
    db.expire_all()
"""
TEST = """\
from fastapi.testclient import TestClient
import pytest

from application import Item, get_db
from handlers import app


@pytest.fixture
def client(db):
    app.dependency_overrides[get_db] = lambda: {given}
    yield TestClient(app)
    app.dependency_overrides.clear()


def test_it(client, db):
    item = Item(name="a")
    db.add(item)
    db.commit()
    response = client.{request}
    assert response.status_code == {status}
    assert item.name == "{name}"
    assert item.id == 1
"""


@pytest.mark.parametrize(
    ("request_", "status", "name", "read"),
    [
        ('put("/items/1?name=taken")', 409, "a", "await item.awaitable_attrs.name"),
        ('put("/items/1?name=b")', 200, "b", "item.name"),
        ('delete("/items")', 200, "a", "await item.awaitable_attrs.name"),
    ],
)
def test_a_session_that_a_fixture_gives(tmp_path: Path, request_: str, status: int, name: str, read: str) -> None:
    test = TEST.format(given="db", request=request_, status=status, name=name)
    follows(tmp_path, {"handlers.py": HANDLERS, "test_it.py": test})
    assert f'assert {read} == "{name}"' in text(tmp_path, "test_it.py")
    assert "assert item.id == 1" in text(tmp_path, "test_it.py")


def test_a_session_of_its_own(tmp_path: Path) -> None:
    test = TEST.format(given="SessionLocal()", request='put("/items/1?name=taken")', status=409, name="a")
    test = test.replace("import Item, get_db", "import Item, SessionLocal, get_db")
    follows(tmp_path, {"handlers.py": HANDLERS, "test_it.py": test})
    assert 'assert item.name == "a"' in text(tmp_path, "test_it.py")


def test_a_session_that_both_ask_for(tmp_path: Path) -> None:
    database = """\
from contextvars import ContextVar

from sqlalchemy.orm import Session, scoped_session

from application import SessionLocal

scope = ContextVar("scope", default="everywhere")


class Database:
    def __init__(self):
        self.registry = scoped_session(SessionLocal, scopefunc=lambda: scope.get())

    @property
    def session(self) -> Session:
        return self.registry()


database = Database()


def get_db():
    try:
        yield database.session
    except Exception:
        database.session.rollback()
        raise
"""
    handlers = HANDLERS.replace("import Item, get_db", "import Item\nfrom database import get_db")
    handlers = handlers.replace("        db.rollback()\n", "")
    test = """\
from fastapi.testclient import TestClient

from application import Item
from database import database
from handlers import app


def test_it():
    item = Item(name="a")
    database.session.add(item)
    database.session.commit()
    client = TestClient(app)
    response = client.put("/items/1?name=b")
    assert response.status_code == 200
    assert item.name == "b"
    response = client.put("/items/1?name=taken")
    assert response.status_code == 409
    assert item.name == "b"
    database.session.close()
"""
    follows(tmp_path, {"database.py": database, "handlers.py": handlers, "test_it.py": test})
    assert text(tmp_path, "test_it.py").count("awaitable_attrs") == 1


@pytest.mark.parametrize(
    ("error", "patch", "read"),
    [
        ("Exception", "return_value=None", "item.name"),
        ("Exception", "side_effect=KeyError", "await item.awaitable_attrs.name"),
        ("ValueError", "side_effect=ValueError", "await item.awaitable_attrs.name"),
    ],
)
def test_what_goes_on_after_any_error_is_no_matter_to_tests_without_one(
    tmp_path: Path, error: str, patch: str, read: str
) -> None:
    work = f"""\
from sqlalchemy.orm import Session

from application import Item


def tell(item: Item) -> None:
    \"\"\"Tell others.\"\"\"


def work(db: Session, item: Item) -> None:
    try:
        tell(item)
        db.commit()
    except {error}:
        db.rollback()
"""
    test = f"""\
from unittest.mock import patch

from application import Item
from work import work


def test_it(db):
    item = Item(name="a")
    db.add(item)
    db.commit()
    with patch("work.tell", {patch}):
        work(db, item)
    assert item.name == "a"
"""
    follows(tmp_path, {"work.py": work, "test_it.py": test})
    assert f'assert {read} == "a"' in text(tmp_path, "test_it.py")


def test_the_status_is_asserted_at_once(tmp_path: Path) -> None:
    test = TEST.format(given="db", request='put("/items/1?name=taken")', status=409, name="a")
    test = test.replace("    response = client.", "    assert client.").replace(
        "\n    assert response.status_code == 409", ".status_code == status.HTTP_409_CONFLICT"
    )
    test = "from fastapi import status\n" + test.replace("    item = Item", "    items = [Item").replace(
        'name="a")', 'name="a")]'
    ).replace("add(item)", "add(items[0])").replace("item.name", "items[0].name").replace("item.id", "items[0].id")
    follows(tmp_path, {"handlers.py": HANDLERS, "test_it.py": test})
    assert "assert await items[0].awaitable_attrs.name" in text(tmp_path, "test_it.py")


FIXTURES = """\
import pytest
from sqlalchemy import delete

from application import Item


@pytest.fixture
def item(db):
    item = Item(name="a")
    db.add(item)
    db.commit()
    yield item
    db.execute(delete(Item).where(Item.name == item.name, Item.id == item.id))
    db.commit()
    assert db.query(Item).count() == 0


def test_it(db, item):
    item.name = "b"
    db.{end}()
    assert db.query(Item).count() == 1
"""


@pytest.mark.parametrize(("end", "reads"), [("rollback", 1), ("commit", 0)])
def test_a_fixture_that_goes_on_behind_a_test(tmp_path: Path, end: str, reads: int) -> None:
    follows(tmp_path, {"test_it.py": FIXTURES.format(end=end)})
    assert text(tmp_path, "test_it.py").count("await item.awaitable_attrs.name") == reads
