"""A class dresses a session of one colour as one of the other.

What holds it believes that it has the other kind: calls of a sync session behind async methods block the event loop or
hop between threads, and a session is not made for either. Such a class belongs to a migration that is under way: pass
the AsyncSession itself.
"""

from __future__ import annotations

from collections.abc import Iterator

from ...analysis.program import Program
from ...analysis.stand_ins import is_test_code
from ..finding import Finding, finding
from ..rule import Example

CODE = "AS403"
NAME = "session-adapter"

EXAMPLES = (
    Example(
        bad="""\
import asyncio

from sqlalchemy.orm import Session


class InThreads:  # AS403
    def __init__(self, session: Session) -> None:
        self._session = session

    async def execute(self, statement, *args):
        return await asyncio.to_thread(self._session.execute, statement, *args)

    async def commit(self) -> None:
        await asyncio.to_thread(self._session.commit)


def dressed(session: Session) -> InThreads:
    return InThreads(session)
""",
        good="""\
from sqlalchemy.ext.asyncio import AsyncSession


async def save(session: AsyncSession) -> None:
    await session.commit()
""",
    ),
)


def find(program: Program) -> Iterator[Finding]:
    for adapter in program.interpreter.adapters.classes:
        if is_test_code(adapter.constructor):
            continue
        held, dressed = ("sync", "async") if adapter.is_async else ("async", "sync")
        message = (
            f"{adapter.cls.name} dresses the {held} session that it holds as an {dressed} one: pass an AsyncSession"
        )
        yield finding(adapter.cls.source, adapter.cls.node, CODE, message)
