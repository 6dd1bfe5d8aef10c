"""Objects that a test and the application share: what a query loads with them, a refresh forgets."""

from __future__ import annotations

from pathlib import Path

from .suites import follows, text

APPLICATION = """\
from fastapi import Depends, FastAPI
from pydantic import BaseModel, ConfigDict
from sqlalchemy import ForeignKey, create_engine, select
from sqlalchemy.orm import DeclarativeBase, Mapped, Session, mapped_column, relationship, sessionmaker

engine = create_engine("sqlite:///items.db")
SessionLocal = sessionmaker(bind=engine)


class Base(DeclarativeBase):
    pass


class Item(Base):
    __tablename__ = "items"

    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str]
    tags: Mapped[list["Tag"]] = relationship()


class Tag(Base):
    __tablename__ = "tags"

    id: Mapped[int] = mapped_column(primary_key=True)
    colour: Mapped[str]
    item_id: Mapped[int] = mapped_column(ForeignKey("items.id"))


class TagRead(BaseModel):
    model_config = ConfigDict(from_attributes=True)

    colour: str


class ItemRead(BaseModel):
    model_config = ConfigDict(from_attributes=True)

    name: str
    tags: list[TagRead]


def get_db():
    with SessionLocal() as db:
        yield db


def find(db: Session, key: int) -> Item:
    return db.scalars(select(Item).where(Item.id == key)).one()


def rename(db: Session, item: Item, name: str) -> Item:
    item.name = name
    db.commit()
    db.refresh(item)
    return item


def touch(db: Session, item: Item) -> None:
    db.refresh(item)


app = FastAPI()


@app.get("/items/{key}", response_model=ItemRead)
def read_item(key: int, db: Session = Depends(get_db)):
    return find(db, key)


@app.put("/items/{key}", response_model=ItemRead)
def rename_item(key: int, name: str, db: Session = Depends(get_db)):
    return rename(db, find(db, key), name)


@app.get("/items/{key}/colours")
def read_colours(key: int, db: Session = Depends(get_db)):
    item = find(db, key)
    found = [tag.colour for tag in item.tags]
    touch(db, item)
    return found
"""
TESTS = """\
import pytest
from fastapi.testclient import TestClient

from application import Item, Tag, app, get_db


@pytest.fixture
def client(db):
    {override}
    yield TestClient(app)
    app.dependency_overrides.clear()


@pytest.fixture
def item(db):
    item = Item(name="old")
    db.add(item)
    db.commit()
    db.refresh(item)
    db.add(Tag(colour="red", item_id=item.id))
    db.commit()
    return item


def test_read(client, item):
    assert client.get("/items/1").json() == {{"name": "old", "tags": [{{"colour": "red"}}]}}


def test_rename(client, item):
    assert client.put("/items/1?name=new").json() == {{"name": "new", "tags": [{{"colour": "red"}}]}}


def test_colours(client, item):
    assert client.get("/items/1/colours").json() == ["red"]
"""


def test_what_is_read_behind_a_refresh_is_loaded_there(tmp_path: Path) -> None:
    tests = TESTS.format(override="app.dependency_overrides[get_db] = lambda: db")
    follows(tmp_path, {"application.py": APPLICATION, "test_it.py": tests})
    converted = text(tmp_path, "application.py")
    assert '    await db.refresh(item)\n    await db.refresh(item, ["tags"])\n    return item\n' in converted
    assert converted.count('["tags"]') == 1


def test_a_session_of_its_own_repeats_the_options_of_its_query(tmp_path: Path) -> None:
    follows(tmp_path, {"application.py": APPLICATION, "test_it.py": TESTS.format(override="")})
    assert '["tags"]' not in text(tmp_path, "application.py")
