"""A text meets a column of numbers or dates, or a number one of texts, under asyncpg.

psycopg sends text, which the server converts; asyncpg raises DataError, "'str' object cannot be interpreted as an
integer". Convert the value: `int(token.subject)`.
"""

from __future__ import annotations

from collections.abc import Iterator

from ...analysis.asyncpg import is_on_asyncpg
from ...analysis.calling import tests_aside
from ...analysis.plain_values import plain_misfits
from ...analysis.program import Program
from ..finding import Finding, finding
from ..rule import Example
from .datetime_against_column import is_on_async_database

CODE = "AS705"
NAME = "plain-value-against-column"

EXAMPLES = (
    Example(
        bad="""\
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

URL = "postgresql+asyncpg://localhost/app"


class Base(DeclarativeBase):
    pass


class User(Base):
    __tablename__ = "users"

    id: Mapped[int] = mapped_column(primary_key=True)
    code: Mapped[str]


async def subject(session: AsyncSession, subject: str) -> User | None:
    return await session.get(User, subject)  # AS705


async def add(session: AsyncSession, code: int) -> None:
    session.add(User(code=code))  # AS705
    await session.commit()
""",
        good="""\
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

URL = "postgresql+asyncpg://localhost/app"


class Base(DeclarativeBase):
    pass


class User(Base):
    __tablename__ = "users"

    id: Mapped[int] = mapped_column(primary_key=True)
    code: Mapped[str]


async def subject(session: AsyncSession, subject: str) -> User | None:
    return await session.get(User, int(subject))


async def add(session: AsyncSession, code: int) -> None:
    session.add(User(code=str(code)))
    await session.commit()
""",
    ),
)


def find(program: Program) -> Iterator[Finding]:
    if not is_on_asyncpg(program):
        return
    checked = frozenset(tests_aside(program))
    for misfit in plain_misfits(program):
        if misfit.function in checked and is_on_async_database(program, misfit.function):
            message = f"{misfit.column} holds values of type {misfit.wanted} and gets one of type {misfit.given}"
            yield finding(misfit.source, misfit.node, CODE, f"{message}, which asyncpg refuses: convert it")
