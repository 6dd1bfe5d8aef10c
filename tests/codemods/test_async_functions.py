"""Functions of libraries that have a second one for async sessions, and libraries that take these as they are."""

from __future__ import annotations

from pathlib import Path

import pytest

from .suites import follows, migrate, project, text

COMPANIONS = """\
from fastapi import Depends, FastAPI
from fastapi_pagination import Page, add_pagination
from fastapi_pagination.ext.sqlalchemy import paginate
from pydantic import BaseModel
from sqladmin import Admin, ModelView
from sqlalchemy import func, select
from sqlalchemy.orm import Session
from starlette.middleware.base import BaseHTTPMiddleware

from application import Item, SessionLocal, engine, get_db


class Shown(BaseModel):
    id: int
    name: str

    model_config = {"from_attributes": True}


class Counting(BaseHTTPMiddleware):
    def count(self):
        with SessionLocal() as db:
            return db.scalar(select(func.count()).select_from(Item))

    async def dispatch(self, request, call_next):
        response = await call_next(request)
        response.headers["x-items"] = str(self.count())
        return response


app = FastAPI()
app.add_middleware(Counting)


@app.get("/pages")
def read_pages(db: Session = Depends(get_db)) -> Page[Shown]:
    return paginate(db, select(Item).order_by(Item.id))


add_pagination(app)


class ItemAdmin(ModelView, model=Item):
    column_list = [Item.id, Item.name]


admin = Admin(app, engine)
admin.add_view(ItemAdmin)
"""
TESTS = """\
import pytest
from fastapi.testclient import TestClient

from application import add_item
from companions import ItemAdmin, app


@pytest.fixture
def client():
    return TestClient(app)


def test_pages(client, db):
    for name in "abc":
        add_item(db, name)
    response = client.get("/pages", params={"page": 2, "size": 2})
    assert response.headers["x-items"] == "3"
    assert response.json()["total"] == 3
    assert [item["name"] for item in response.json()["items"]] == ["c"]


def test_admin(client, db):
    add_item(db, "shown")
    assert "shown" in client.get("/admin/item/list").text


def test_label():
    assert ItemAdmin.name == "Item"
"""


def test_pagination_admin_and_middleware(tmp_path: Path) -> None:
    follows(tmp_path, {"companions.py": COMPANIONS, "test_it.py": TESTS})
    converted = text(tmp_path, "companions.py")
    assert "return await apaginate(db, select(Item).order_by(Item.id))" in converted
    assert "import paginate" not in converted
    assert "str(await self.count())" in converted
    assert "admin = Admin(app, engine)" in converted
    assert "\ndef test_label():" in text(tmp_path, "test_it.py")


@pytest.mark.parametrize(
    ("listed", "called"),
    [
        ("", "apaginate"),
        ("<1", "apaginate"),
        (">=0.12,<0.14", "apaginate"),
        (">0.14", "apaginate"),
        ("~=0.12", "apaginate"),
        ("==0.12.34", "paginate"),
        ("==0.12.*", "paginate"),
        ("~=0.12.3", "paginate"),
        (">=0.11,<0.13", "paginate"),
    ],
)
def test_versions_without_a_second_function(tmp_path: Path, listed: str, called: str) -> None:
    project(tmp_path, {"requirements.txt": f"fastapi-pagination{listed}\n", "companions.py": COMPANIONS})
    migrate(tmp_path)
    assert f"return await {called}(db, " in text(tmp_path, "companions.py")
    assert f"fastapi_pagination.ext.sqlalchemy import {called}\n" in text(tmp_path, "companions.py")


def test_locked_version(tmp_path: Path) -> None:
    lock = '[[package]]\nname = "fastapi-pagination"\nversion = "0.12.34"\n'
    project(tmp_path, {"uv.lock": lock, "companions.py": COMPANIONS})
    migrate(tmp_path)
    assert "return await paginate(db, " in text(tmp_path, "companions.py")
