"""A project that moves module by module: after each step it answers as before."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

import pytest

from asyncshift.analysis.decisions import Plan, Status
from asyncshift.analysis.settings import Settings

from ..gallery.applications import answers
from .whole import migrate

SHOP = {
    "shop/__init__.py": "",
    "shop/database.py": """\
from collections.abc import Iterator
from contextlib import contextmanager

from sqlalchemy import create_engine, event
from sqlalchemy.orm import DeclarativeBase, Session, sessionmaker

URL = "sqlite:///shop.db"
options = {"echo": False}

engine = create_engine(URL, **options)


@event.listens_for(engine, "connect")
def obey_keys(connection, record):
    connection.execute("PRAGMA foreign_keys=ON")


# Sessions for requests.
SessionLocal = sessionmaker(bind=engine, autoflush=False)


class Base(DeclarativeBase):
    pass


def get_db() -> Iterator[Session]:
    with session_scope() as db:
        yield db


@contextmanager
def session_scope() -> Iterator[Session]:
    db = SessionLocal()
    try:
        yield db
        db.commit()
    except Exception:
        db.rollback()
        raise
    finally:
        db.close()
""",
    "shop/models.py": """\
from sqlalchemy import ForeignKey
from sqlalchemy.orm import Mapped, mapped_column, relationship

from .database import Base


class User(Base):
    __tablename__ = "users"
    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str]


class Order(Base):
    __tablename__ = "orders"
    id: Mapped[int] = mapped_column(primary_key=True)
    user_id: Mapped[int] = mapped_column(ForeignKey("users.id"))
    text: Mapped[str]
    user: Mapped[User] = relationship()
""",
    "shop/deps.py": """\
from typing import Annotated

from fastapi import Depends
from sqlalchemy.orm import Session

from .database import get_db

Database = Annotated[Session, Depends(get_db)]
""",
    "shop/users.py": """\
from fastapi import APIRouter, HTTPException
from sqlalchemy.orm import Session

from .deps import Database
from .models import User

router = APIRouter()


def find_user(db: Session, key: int) -> User | None:
    return db.query(User).filter(User.id == key).first()


def rename(name: str, db: Session, key: int) -> None:
    db.get(User, key).name = name


@router.get("/users/{key}")
def show(key: int, db: Database):
    user = find_user(db, key)
    if user is None:
        raise HTTPException(404)
    return {"id": user.id, "name": user.name}


@router.put("/users/{key}/{name}")
def change(key: int, name: str, db: Database):
    rename(name, db, key)


@router.post("/users/{name}")
def create(name: str, db: Database):
    user = User(name=name)
    db.add(user)
    db.flush()
    return {"id": user.id}
""",
    "shop/orders.py": """\
from fastapi import APIRouter, HTTPException
from sqlalchemy.orm import Session

from .database import SessionLocal, session_scope
from .deps import Database
from .models import Order
from .users import find_user, rename

router = APIRouter()


def orders_of(db: Session, user_id: int) -> list[Order]:
    return db.query(Order).filter(Order.user_id == user_id).order_by(Order.id).all()


@router.post("/orders/{user_id}/{text}")
def place(user_id: int, text: str, db: Database):
    if find_user(db, user_id) is None:
        raise HTTPException(404)
    rename(f"{text} lover", db, user_id)
    order = Order(user_id=user_id, text=text)
    db.add(order)
    db.flush()
    return {"id": order.id}


@router.get("/orders/{user_id}")
def listed(user_id: int, db: Database):
    return [{"text": order.text, "by": order.user.name} for order in orders_of(db, user_id)]


@router.get("/orders")
def count():
    with session_scope() as db:
        found = sum(len(orders_of(db, key)) for key in (1, 2))
    with SessionLocal() as db:
        return {"orders": found, "all": db.query(Order).count()}
""",
    "app.py": """\
from contextlib import asynccontextmanager

from fastapi import FastAPI

from shop.database import Base, engine
from shop.orders import router as orders
from shop.users import router as users


@asynccontextmanager
async def lifespan(app: FastAPI):
    Base.metadata.drop_all(bind=engine)
    Base.metadata.create_all(bind=engine)
    yield


app = FastAPI(lifespan=lifespan)
app.include_router(users)
app.include_router(orders)

REQUESTS = [
    "POST /users/ann",
    "GET /users/1",
    "GET /users/9",
    "PUT /users/1/bob",
    "POST /orders/1/tea",
    "POST /orders/9/tea",
    "GET /orders/1",
    "GET /orders",
    "GET /users/1",
]
""",
}


def step(files: dict[str, str], moving: Iterable[str]) -> tuple[dict[str, str], Plan]:
    """The project after a migration of some of its files."""
    outside = dict.fromkeys(files.keys() - set(moving), "lies outside")
    changed, plan = migrate(files, Settings(keep_sync=outside))
    return {**files, **{path: content.decode() for path, content in changed.items()}}, plan


def looks(plan: Plan) -> list[str]:
    return [d.concern for d in plan if d.status is Status.DECLINED]


def test_every_step_answers_as_before(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    before = answers(tmp_path / "before", SHOP)
    assert [status for status, _ in before] == [200, 200, 404, 200, 200, 404, 200, 200, 200]
    files = SHOP
    for number, path in enumerate(["shop/orders.py", "shop/users.py"]):
        files, plan = step(files, [path])
        assert not looks(plan)
        assert answers(tmp_path / str(number), files) == before
    assert "run_sync" not in files["shop/orders.py"]
    assert "await find_user(db, user_id)" in files["shop/orders.py"]


def test_callers_that_stay_sync_are_told() -> None:
    _, plan = step(SHOP, ["shop/users.py"])
    assert looks(plan) == [
        "place stays sync: lies outside; it calls find_user, which becomes async",
        "place stays sync: lies outside; it calls rename, which becomes async",
    ]


def test_what_stays_sync_keeps_its_infrastructure() -> None:
    files, _ = step(SHOP, ["shop/orders.py"])
    for path in ("shop/deps.py", "shop/users.py", "app.py"):
        assert files[path] == SHOP[path]
    assert "engine = create_engine(URL, **options)" in files["shop/database.py"]
    assert files["shop/async_deps.py"] == (
        '"""Async sessions, beside the sync ones of `shop.deps`."""\n\n'
        "from typing import Annotated\n\n"
        "from fastapi import Depends\nfrom sqlalchemy.ext.asyncio import AsyncSession\n\n"
        "from .async_database import get_db\n\nDatabase = Annotated[AsyncSession, Depends(get_db)]\n"
    )
    assert "from .async_database import SessionLocal, session_scope\n" in files["shop/orders.py"]


def test_a_module_beside_gets_what_it_lacks() -> None:
    text = "from .database import {0}\n\n\ndef count():\n    with {0}() as db:\n        return db.connection()\n"
    files = {**SHOP, "shop/one.py": text.format("SessionLocal"), "shop/two.py": text.format("session_scope")}
    files, _ = step(files, ["shop/one.py"])
    assert "def session_scope" not in files["shop/async_database.py"]
    files, _ = step(files, ["shop/two.py"])
    assert files["shop/async_database.py"].count("async_sessionmaker(") == 1
    assert "@asynccontextmanager\nasync def session_scope()" in files["shop/async_database.py"]
    assert "from .async_database import session_scope\n" in files["shop/two.py"]


def test_names_that_an_import_does_not_name_are_there_too() -> None:
    database = SHOP["shop/database.py"].replace('URL = "sqlite:///shop.db"\n', "from .settings import *\n")
    files, _ = step(
        {**SHOP, "shop/database.py": database, "shop/settings.py": "URL = 'sqlite://'\n"}, ["shop/orders.py"]
    )
    assert "from .settings import *\n" in files["shop/async_database.py"]
    files, _ = step(SHOP, ["shop/orders.py"])
    assert "import *" not in files["shop/async_database.py"]


def test_a_maker_that_is_asked_by_its_module_is_told() -> None:
    text = "from . import database\n\n\ndef opened():\n    return database.SessionLocal()\n"
    _, plan = step({**SHOP, "shop/one.py": text}, ["shop/one.py"])
    assert any(concern.startswith("SessionLocal stays sync: import it by its name") for concern in looks(plan))
