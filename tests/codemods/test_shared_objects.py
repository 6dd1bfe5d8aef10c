"""Objects that a test and the application share: what a query loads with them, a refresh forgets."""

from __future__ import annotations

from pathlib import Path

from .suites import follows, text

BOXES = """\
from fastapi import Depends, FastAPI
from pydantic import BaseModel, ConfigDict
from sqlalchemy import ForeignKey, select
from sqlalchemy.orm import Mapped, Session, mapped_column, relationship

from application import Base, get_db


class Box(Base):
    __tablename__ = "boxes"

    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str]
    tags: Mapped[list["Tag"]] = relationship()


class Tag(Base):
    __tablename__ = "tags"

    id: Mapped[int] = mapped_column(primary_key=True)
    colour: Mapped[str]
    box_id: Mapped[int] = mapped_column(ForeignKey("boxes.id"))


class Read(BaseModel):
    model_config = ConfigDict(from_attributes=True)


class TagRead(Read):
    colour: str


class BoxRead(Read):
    name: str
    tags: list[TagRead]


def find(db: Session, key: int) -> Box:
    return db.scalars(select(Box).where(Box.id == key)).one()


def rename(db: Session, box: Box, name: str) -> Box:
    box.name = name
    db.commit()
    db.refresh(box)
    return box


def touch(db: Session, box: Box) -> None:
    db.refresh(box)


app = FastAPI()


@app.get("/boxes/{key}", response_model=BoxRead)
def read_box(key: int, db: Session = Depends(get_db)):
    return find(db, key)


@app.put("/boxes/{key}", response_model=BoxRead)
def rename_box(key: int, name: str, db: Session = Depends(get_db)):
    return rename(db, find(db, key), name)


@app.get("/boxes/{key}/colours")
def read_colours(key: int, db: Session = Depends(get_db)):
    box = find(db, key)
    found = [tag.colour for tag in box.tags]
    touch(db, box)
    return found
"""
TESTS = """\
import pytest
from fastapi.testclient import TestClient

from application import get_db
from boxes import Box, Tag, app


@pytest.fixture
def client(db):
    {override}
    yield TestClient(app)
    app.dependency_overrides.clear()


@pytest.fixture
def box(db):
    box = Box(name="old")
    db.add(box)
    db.commit()
    db.refresh(box)
    db.add(Tag(colour="red", box_id=box.id))
    db.commit()
    return box


def test_read(client, box):
    assert client.get("/boxes/1").json() == {{"name": "old", "tags": [{{"colour": "red"}}]}}


def test_rename(client, box):
    assert client.put("/boxes/1?name=new").json() == {{"name": "new", "tags": [{{"colour": "red"}}]}}


def test_colours(client, box):
    assert client.get("/boxes/1/colours").json() == ["red"]
"""


def test_what_is_read_behind_a_refresh_is_loaded_there(tmp_path: Path) -> None:
    tests = TESTS.format(override="app.dependency_overrides[get_db] = lambda: db")
    follows(tmp_path, {"boxes.py": BOXES, "test_it.py": tests})
    converted = text(tmp_path, "boxes.py")
    assert '    await db.refresh(box)\n    await db.refresh(box, ["tags"])\n    return box\n' in converted
    assert converted.count('["tags"]') == 1


def test_a_session_of_its_own_repeats_the_options_of_its_query(tmp_path: Path) -> None:
    follows(tmp_path, {"boxes.py": BOXES, "test_it.py": TESTS.format(override="")})
    assert '["tags"]' not in text(tmp_path, "boxes.py")
