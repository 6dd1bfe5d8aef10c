"""Which reads meet an expired object."""

from __future__ import annotations

from pathlib import Path
from textwrap import dedent, indent

import pytest

from asyncshift.analysis.program import Program
from asyncshift.analysis.settings import Settings
from asyncshift.checks.engine import check

HEAD = """\
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession, async_sessionmaker, create_async_engine
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

Local = async_sessionmaker(create_async_engine("sqlite+aiosqlite://"))

class Base(DeclarativeBase): pass

class User(Base):
    __tablename__ = "user"
    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str]

def name_of(user: User): return user.name
async def store(db: AsyncSession): await db.commit()
async def store_and_refresh(db: AsyncSession, user: User):
    await db.commit()
    await db.refresh(user)
async def made(db: AsyncSession):
    user = User(name="a")
    db.add(user)
    await db.commit()
    return user
async def refused(db: AsyncSession):
    try:
        await db.flush()
    except ValueError:
        await db.rollback()
        raise
async def stored(db: AsyncSession):
    try:
        await db.flush()
        return True
    except ValueError:
        await db.rollback()
        return False
async def passed_on(db: AsyncSession): await refused(db)
async def elsewhere():
    async with Local() as other: await other.commit()
"""


def reads(body: str, head: str = HEAD) -> bool:
    """Does a function read an expired object?"""
    text = head + "async def f(db: AsyncSession, user: User, x):\n" + indent(dedent(body), "    ")
    program = Program.of_contents(Path(), {"app.py": text.encode()}, Settings())
    return any(found.code == "AS302" for found in check(program))


@pytest.mark.parametrize(
    "body",
    [
        "await db.commit()\nreturn user.name",
        "await db.rollback()\nreturn user.id",
        "db.expire_all()\nreturn user.name",
        "await store(db)\nreturn name_of(user)",
        "await db.commit()\nreturn [u.name for u in (await db.scalars(select(User))).all()] + [user.name]",
        "users = (await db.scalars(select(User))).all()\nawait db.commit()\nfor u in users: print(u.name)",
        "other = await made(db)\nreturn other.name",
        "if x: await db.commit()\nreturn user.name",
        "for a in x:\n    print(user.name)\n    await db.commit()",
        "try:\n    await db.flush()\nexcept ValueError:\n    await db.rollback()\nreturn user.name",
        "async with db.begin():\n    pass\nreturn user.name",
        "user.name = 'a'\nawait db.commit()\nuser.name += 'b'",
        "await db.commit()\nreturn f'{user.name}'",
        "try:\n    await refused(db)\nexcept ValueError:\n    return user.name",
        "if not await stored(db): raise KeyError(user.name)\nreturn x",
        "done = await stored(db)\nx(done)\nreturn user.name",
        "done = await stored(db)\nif done: return x\nreturn user.name",
        "try:\n    await passed_on(db)\nexcept ValueError as error:\n    x(user.name, error)",
        "users = (await db.scalars(select(User))).all()\nawait db.commit()\nfor u in users[1:]: print(u.name)",
        "found = []\nfor i in x:\n    made = User(id=i)\n    db.add(made)\n    found.append(made)\n"
        "await db.commit()\nreturn [name_of(one) for one in found]",
    ],
)
def test_an_expired_object_is_read(body: str) -> None:
    assert reads(body)


@pytest.mark.parametrize(
    "body",
    [
        "name = user.name\nawait db.commit()\nreturn name",
        "await db.commit()\nawait db.refresh(user)\nreturn user.name",
        "await store_and_refresh(db, user)\nreturn user.name",
        "await db.commit()\nuser = await db.get(User, 1)\nreturn user.name",
        "await db.commit()\nuser.name = 'a'",
        "await db.flush()\nreturn user.name",
        "await elsewhere()\nreturn user.name",
        "try:\n    await db.flush()\nexcept ValueError:\n    await db.rollback()\n    raise\nreturn user.name",
        "if x:\n    await db.commit()\n    return 1\nreturn user.name",
        "await db.commit()\nfor u in (await db.scalars(select(User))).all(): print(u.name)",
        "db.expunge(user)\nawait db.commit()\nreturn user.name",
        "user = User(name='a')\nreturn user.name",
        "await db.commit()\nreturn user.not_a_column",
        "await refused(db)\nreturn user.name",
        "if not await stored(db): raise KeyError\nreturn user.name",
        "done = await stored(db)\nif not done:\n    return x\nreturn user.name",
        "if await stored(db): return user.name\nraise KeyError",
        "if done := await stored(db): return user.name\nreturn done",
        "try:\n    await refused(db)\nexcept ValueError:\n    return x\nreturn user.name",
        "try:\n    await refused(db)\nexcept ValueError:\n    await db.refresh(user)\n    return user.name",
        "await db.commit()\nx(await user.awaitable_attrs.id)\nreturn user.name",
        "users = (await db.scalars(select(User))).all()\nawait db.commit()\n"
        "for u in users: await db.refresh(u)\nreturn [u.name for u in users]",
        "users = (await db.scalars(select(User))).all()\nawait db.commit()\n"
        "x([await u.awaitable_attrs.id for u in users])\nreturn [u.name for u in users]",
    ],
)
def test_the_object_is_fresh(body: str) -> None:
    assert not reads(body)


def test_a_factory_that_keeps_objects() -> None:
    keeping = HEAD.replace('aiosqlite://"))', 'aiosqlite://"), expire_on_commit=False)')
    assert keeping != HEAD
    assert not reads("await db.commit()\nreturn user.name", keeping)
    assert reads("await db.rollback()\nreturn user.name", keeping)


def test_what_a_route_returns_is_read() -> None:
    head = HEAD + "from fastapi import APIRouter\nrouter = APIRouter()\n@router.get('/')\n"
    assert reads("await db.commit()\nreturn user", head)
    assert not reads("await db.commit()\nawait db.refresh(user)\nreturn user", head)


@pytest.mark.parametrize(
    ("later", "expiring"),
    [
        ("First.configure(expire_on_commit=False)\n", [5]),
        ("Second.configure(expire_on_commit=False)\n", [4]),
        ("First.configure(expire_on_commit=False)\nSecond.configure(expire_on_commit=False)\n", []),
        ("First.configure(bind=None)\n", [4, 5]),
    ],
)
def test_a_factory_is_configured_later(later: str, expiring: list[int]) -> None:
    text = (
        "from sqlalchemy.ext.asyncio import AsyncSession, async_sessionmaker, create_async_engine\n"
        'engine = create_async_engine("sqlite+aiosqlite://")\n\n'
        "First = async_sessionmaker(engine)\nSecond = async_sessionmaker(engine)\n" + later
    )
    program = Program.of_contents(Path(), {"app.py": text.encode()}, Settings())
    assert [found.line for found in check(program) if found.code == "AS303"] == expiring


def test_a_session_class_gives_the_option() -> None:
    text = (
        "from sqlalchemy.ext.asyncio import AsyncSession, async_sessionmaker, create_async_engine\n"
        'engine = create_async_engine("sqlite+aiosqlite://")\n\n'
        "class Lasting(AsyncSession):\n"
        "    def __init__(self, **options):\n        super().__init__(expire_on_commit=False, **options)\n\n"
        "Local = async_sessionmaker(engine, class_=Lasting)\nOther = async_sessionmaker(engine)\n"
    )
    program = Program.of_contents(Path(), {"app.py": text.encode()}, Settings())
    assert [found.line for found in check(program) if found.code == "AS303"] == [9]


def test_a_registry_hands_out_what_its_factory_makes() -> None:
    text = (
        "from asyncio import current_task\n"
        "from sqlalchemy.ext.asyncio import async_scoped_session, async_sessionmaker, create_async_engine\n"
        'engine = create_async_engine("sqlite+aiosqlite://")\n'
        "First = async_scoped_session(async_sessionmaker(engine, expire_on_commit=False), current_task)\n"
        "Second = async_scoped_session(async_sessionmaker(engine), current_task)\n"
    )
    program = Program.of_contents(Path(), {"app.py": text.encode()}, Settings())
    assert [found.line for found in check(program) if found.code == "AS303"] == [5]


def test_a_session_that_a_function_makes_for_itself_says_nothing_of_those_of_the_factory() -> None:
    keeping = HEAD.replace('aiosqlite://"))', 'aiosqlite://"), expire_on_commit=False)')
    own = "async def alone():\n    session: AsyncSession = AsyncSession(bind=None)\n    await session.commit()\n"
    assert not reads("await alone()\nawait db.commit()\nreturn user.name", keeping + own)
    assert reads("await db.commit()\nreturn user.name", HEAD + own)


ORDERS = """\
from sqlalchemy import ForeignKey
from sqlalchemy.orm import relationship

class Order(Base):
    __tablename__ = "order"
    id: Mapped[int] = mapped_column(primary_key=True)
    lines: Mapped[list["Line"]] = relationship(cascade="all, delete-orphan", back_populates="order")
    extras: Mapped[list["Extra"]] = relationship(cascade="all", lazy="selectin")

class Line(Base):
    __tablename__ = "line"
    id: Mapped[int] = mapped_column(primary_key=True)
    order_id: Mapped[int] = mapped_column(ForeignKey("order.id"))
    order: Mapped[Order] = relationship(back_populates="lines")

class Extra(Base):
    __tablename__ = "extra"
    id: Mapped[int] = mapped_column(primary_key=True)
    order_id: Mapped[int] = mapped_column(ForeignKey("order.id"))

"""


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        ("line = Line(order=order)\nawait db.flush()\nawait db.refresh(order)\nreturn line.id", True),
        ("line = Line()\norder.lines.append(line)\nawait db.flush()\nawait db.refresh(order)\nreturn line.id", True),
        ("line = Line(order=order)\nawait db.flush()\ndb.expire(order)\nreturn line.id", True),
        ("line = Line(order=order)\nawait db.flush()\nawait db.refresh(order, ['id'])\nreturn line.id", False),
        ("line = Line(order=order)\nawait db.flush()\nawait db.refresh(line)\nreturn line.id, order.id", False),
        (
            "extra = Extra()\norder.extras.append(extra)\nawait db.flush()\nawait db.refresh(order)\nreturn extra.id",
            False,
        ),
        ("line = Line()\nawait db.flush()\nawait db.refresh(order)\nreturn line.id", False),
        (
            "old = await db.get_one(Line, 1)\norder.lines.append(Line(order_id=old.order_id))\n"
            "db.add_all([order, old])\nawait db.flush()\nawait db.refresh(order)\nreturn old.id",
            False,
        ),
        (
            "lines = [Line()]\nfor line in lines:\n    order.lines.append(line)\n"
            "await db.flush()\nawait db.refresh(order)\nreturn line.id",
            True,
        ),
    ],
)
def test_a_refresh_cascades(body: str, expected: bool) -> None:
    keeping = HEAD.replace('aiosqlite://"))', 'aiosqlite://"), expire_on_commit=False)')
    assert reads("order = Order()\n" + body, keeping + ORDERS) is expected
