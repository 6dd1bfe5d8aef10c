"""Factories of factory_boy, by name or as fixtures: those that add work as they are, those that send are reported."""

from __future__ import annotations

from pathlib import Path

import pytest

from .suites import follows, migrate, project, text

FACTORY = """\
import factory
import pytest

from application import Item, names


class ItemFactory(factory.alchemy.SQLAlchemyModelFactory):
    class Meta:
        model = Item

    name = factory.Sequence(lambda number: f"item {number}")


@pytest.fixture(autouse=True)
def factories(db):
    ItemFactory._meta.sqlalchemy_session = db
    ItemFactory.reset_sequence()


def test_one(db):
    item = ItemFactory(name="one")
    db.commit()
    assert item.id == 1
    assert names(db) == ["one"]


def test_batch(db):
    ItemFactory.create_batch(2)
    assert names(db) == ["item 0", "item 1"]


def test_build():
    assert ItemFactory.build().name == "item 0"
"""
REGISTERED = """\
import factory
import pytest
from fastapi.testclient import TestClient
from pytest_factoryboy import LazyFixture, register

from application import Item, app, get_db, names


@register
class ItemFactory(factory.alchemy.SQLAlchemyModelFactory):
    class Meta:
        model = Item

    name = "a"


register(ItemFactory, "other", name=LazyFixture("label"))


@pytest.fixture
def label():
    return "b"


@pytest.fixture(autouse=True)
def factories(db):
    ItemFactory._meta.sqlalchemy_session = db


@pytest.fixture
def stored(db, item):
    db.commit()
    return item


def test_fixture(db, item):
    db.commit()
    assert item.id == 1
    assert names(db) == [item.name] == ["a"]


def test_fixtures_of_one_factory(db, item, other):
    assert names(db) == ["a", "b"]


@pytest.mark.parametrize("item__name", ["c", "d"])
def test_attribute(db, stored, item__name):
    assert names(db) == [item__name]


def test_factory(db, item_factory):
    item_factory(name="e")
    item_factory.create_batch(2, name="f")
    assert names(db) == ["e", "f", "f"]


def test_client(db, stored):
    app.dependency_overrides[get_db] = lambda: db
    assert TestClient(app).get("/items").json() == ["a"]
    app.dependency_overrides.clear()


def test_plain(item_factory, label):
    assert item_factory.build(name=label).name == "b"
"""
OWN_DATA = """\
from dataclasses import dataclass

import pytest
from faker import Faker
from polyfactory.factories import DataclassFactory

from application import add_item, names

fake = Faker()


@dataclass
class Wanted:
    name: str


class WantedFactory(DataclassFactory[Wanted]):
    __model__ = Wanted


@pytest.fixture
def item(db):
    return add_item(db, fake.name())


def test_made(db, item):
    wanted = WantedFactory.build()
    add_item(db, wanted.name)
    assert names(db) == [item.name, wanted.name]
"""


def test_factories_that_add(tmp_path: Path) -> None:
    decisions = follows(tmp_path, {"test_it.py": FACTORY})
    assert not [d for d in decisions if d.codemod == "row-factories"]


def test_factories_that_are_fixtures(tmp_path: Path) -> None:
    follows(tmp_path, {"test_it.py": REGISTERED})
    converted = text(tmp_path, "test_it.py")
    assert "async def stored(db, item):" in converted
    assert "\ndef label():" in converted
    assert "\ndef test_plain(item_factory, label):" in converted


def test_factories_without_a_session(tmp_path: Path) -> None:
    follows(tmp_path, {"test_it.py": OWN_DATA})


@pytest.mark.parametrize("how", ["flush", "commit"])
def test_factories_that_send_something(tmp_path: Path, how: str) -> None:
    setting = f'        model = Item\n        sqlalchemy_session_persistence = "{how}"\n'
    project(tmp_path, {"test_it.py": FACTORY.replace("        model = Item\n", setting)})
    (decision,) = [d for d in migrate(tmp_path) if d.codemod == "row-factories"]
    assert decision.concern.startswith(f"ItemFactory would {how} its session without await")
