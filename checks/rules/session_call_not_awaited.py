"""A call of an async session, connection, engine or transaction is not awaited.

The call only makes a coroutine: nothing is sent to the database, and what is read from the coroutine raises
AttributeError, or nobody notices at all. Put `await` in front.
"""

from __future__ import annotations

from collections.abc import Iterator

from ...analysis.coroutines import neglected
from ...analysis.program import Program
from ..finding import Finding, finding
from ..fix import awaited
from ..rule import Example

CODE = "AS201"
NAME = "session-call-not-awaited"

EXAMPLES = (
    Example(
        bad="""\
from sqlalchemy.ext.asyncio import create_async_engine
from sqlalchemy.orm import sessionmaker
from sqlmodel import text
from sqlmodel.ext.asyncio.session import AsyncSession

engine = create_async_engine("sqlite+aiosqlite://")
make_session = sessionmaker(engine, class_=AsyncSession, expire_on_commit=False)


async def answer() -> None:
    async with make_session() as session:
        session.exec(text("select 42"))  # AS201
    connection = await engine.connect()
    connection.close()  # AS201
""",
        good="""\
from sqlalchemy.ext.asyncio import create_async_engine
from sqlalchemy.orm import sessionmaker
from sqlmodel import text
from sqlmodel.ext.asyncio.session import AsyncSession

engine = create_async_engine("sqlite+aiosqlite://")
make_session = sessionmaker(engine, class_=AsyncSession, expire_on_commit=False)


async def answer() -> None:
    async with make_session() as session:
        await session.exec(text("select 42"))
    connection = await engine.connect()
    await connection.close()
""",
    ),
    Example(
        bad="""\
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession


async def save(session: AsyncSession, user: object) -> None:
    session.add(user)
    session.commit()  # AS201


async def count(session: AsyncSession) -> int:
    result = session.execute(select(1))  # AS201
    return result.scalar_one()
""",
        good="""\
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession


async def save(session: AsyncSession, user: object) -> None:
    session.add(user)
    await session.commit()


async def count(session: AsyncSession) -> int:
    result = await session.execute(select(1))
    return result.scalar_one()
""",
    ),
)


def find(program: Program) -> Iterator[Finding]:
    for made in neglected(program):
        if made.kind == "database":
            source = made.function.source
            message = f"{made.text} is a coroutine ({made.what}) that nobody awaits: put await before"
            yield finding(source, made.node, CODE, message, fix=awaited(source, made.node))
