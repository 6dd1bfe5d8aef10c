"""What applications do when they start: the cases in `startup/`."""

from __future__ import annotations

from pathlib import Path

import pytest

from .projects import Case, cases, check_text
from .suites import follows, text


@pytest.mark.parametrize("case", cases("startup"))
def test_text(case: Case, tmp_path: Path) -> None:
    check_text(case, "startup", tmp_path)


APPLICATION = """
from fastapi import Depends, FastAPI
from sqlalchemy import create_engine, select
from sqlalchemy.orm import DeclarativeBase, Mapped, Session, mapped_column, sessionmaker

engine = create_engine("sqlite:///items.db")
SessionLocal = sessionmaker(bind=engine)


class Base(DeclarativeBase):
    pass


class Item(Base):
    __tablename__ = "items"

    id: Mapped[int] = mapped_column(primary_key=True)


def get_db():
    with SessionLocal() as db:
        yield db


Base.metadata.create_all(bind=engine)

app = FastAPI()
{handler}

@app.get("/items")
def read_items(db: Session = Depends(get_db)) -> list[int]:
    return list(db.scalars(select(Item.id)))
"""
HANDLER = """
@app.on_event("startup")
def fill():
    with SessionLocal() as db:
        db.merge(Item(id=1))
        db.commit()

"""
SUITE = """
import pytest
from fastapi.testclient import TestClient

from application import app


@pytest.fixture
def client():
    with TestClient(app) as entered:
        yield entered


def test_items(client):
    assert client.get("/items").json() == {expected}
"""


AT_IMPORT = HANDLER.replace('@app.on_event("startup")\n', "") + "\nfill()\n"


@pytest.mark.parametrize(("handler", "expected"), [("", []), (HANDLER, [1]), (AT_IMPORT, [1])])
def test_what_an_application_needs_is_there_when_it_starts(tmp_path: Path, handler: str, expected: list[int]) -> None:
    files = {"conftest.py": "", "pytest.ini": "[pytest]\nfilterwarnings =\n    ignore:.*on_event:DeprecationWarning\n"}
    files["application.py"] = APPLICATION.format(handler=handler)
    files["test_it.py"] = SUITE.format(expected=expected)
    follows(tmp_path, files)
    assert "create_all(bind=engine)" not in text(tmp_path, "application.py")
    assert "asyncio.run" not in text(tmp_path, "application.py")


def test_a_client_that_is_entered_starts_what_the_import_did(tmp_path: Path) -> None:
    """Also where the module itself makes no tables, but calls what does."""
    tables = "\n\ndef create():\n    Base.metadata.create_all(bind=engine)\n\n\ncreate()"
    application = APPLICATION.format(handler="").replace("Base.metadata.create_all(bind=engine)", tables)
    follows(tmp_path, {"conftest.py": "", "application.py": application, "test_it.py": SUITE.format(expected=[])})
    assert "asyncio.run" not in text(tmp_path, "application.py")
