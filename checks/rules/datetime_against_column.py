"""A datetime with a time zone meets a column without one, or the reverse, under asyncpg.

psycopg converts; asyncpg raises DataError, "can't subtract offset-naive and offset-aware datetimes". Make them agree:
`DateTime(timezone=True)` with `datetime.now(timezone.utc)`, or `DateTime()` with a naive value.
"""

from __future__ import annotations

from collections.abc import Iterator

from ...analysis.asyncpg import is_on_asyncpg
from ...analysis.calling import runs_on_loop, tests_aside
from ...analysis.datetimes import misfits
from ...analysis.program import Program
from ...analysis.session_use import is_async_database, is_sync_database
from ...analysis.symbols import Function
from ..finding import Finding, finding
from ..rule import Example

CODE = "AS702"
NAME = "datetime-against-column"

EXAMPLES = (
    Example(
        bad="""\
from datetime import datetime, timezone

from sqlalchemy import DateTime
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

URL = "postgresql+asyncpg://localhost/app"


class Base(DeclarativeBase):
    pass


class Visit(Base):
    __tablename__ = "visit"

    id: Mapped[int] = mapped_column(primary_key=True)
    at: Mapped[datetime] = mapped_column(DateTime)
    until: Mapped[datetime] = mapped_column(DateTime(timezone=True), default=datetime.utcnow)  # AS702


async def visit() -> Visit:
    return Visit(at=datetime.now(timezone.utc))  # AS702
""",
        good="""\
from datetime import datetime, timezone

from sqlalchemy import DateTime
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

URL = "postgresql+asyncpg://localhost/app"


class Base(DeclarativeBase):
    pass


class Visit(Base):
    __tablename__ = "visit"

    id: Mapped[int] = mapped_column(primary_key=True)
    at: Mapped[datetime] = mapped_column(DateTime(timezone=True))
    until: Mapped[datetime] = mapped_column(DateTime, default=datetime.utcnow)


async def visit() -> Visit:
    return Visit(at=datetime.now(timezone.utc))
""",
    ),
)


def find(program: Program) -> Iterator[Finding]:
    if not is_on_asyncpg(program):
        return
    checked = frozenset(tests_aside(program))
    for misfit in misfits(program):
        function = misfit.function
        if function is None or (function in checked and is_on_async_database(program, function)):
            column, given = ("without", "with one") if misfit.zone.is_aware else ("with", "without one")
            message = f"{misfit.column} is a timestamp {column} time zone and gets a datetime {given}"
            yield finding(misfit.source, misfit.node, CODE, f"{message}, which asyncpg refuses")


def is_on_async_database(program: Program, function: Function) -> bool:
    """Does a function use the database with await? One that is async and given a sync session does not."""
    given = [program.parameter(function, p.arg) for p in function.parameters()]
    is_sync = any(is_sync_database(program, values) for values in given)
    return runs_on_loop(program, function) and (
        not is_sync or any(is_async_database(program, values) for values in given)
    )
