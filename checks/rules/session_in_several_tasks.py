"""Tasks that run side by side use one AsyncSession.

A session has one connection and one state: with asyncpg a second query meanwhile raises InterfaceError, with other
drivers the tasks see each other's half-done work. The finding stands where such a task uses the session, and the chain
shows what starts the tasks. Give each task a session of its own, or run them one after the other.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator

from ...analysis.program import Program
from ...analysis.symbols import Function
from ...analysis.tasks import tasks
from ..finding import Finding, finding
from ..rule import Example

CODE = "AS601"
NAME = "session-in-several-tasks"

EXAMPLES = (
    Example(
        bad="""\
import asyncio

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession


async def store(session: AsyncSession, number: int) -> None:
    await session.execute(text("INSERT INTO numbers VALUES (:n)"), {"n": number})


async def store_all(session: AsyncSession) -> None:
    await asyncio.gather(*[store(session, number) for number in range(3)])  # AS601
""",
        good="""\
import asyncio

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession, async_sessionmaker

SessionLocal: async_sessionmaker[AsyncSession]


async def store(number: int) -> None:
    async with SessionLocal() as session:
        await session.execute(text("INSERT INTO numbers VALUES (:n)"), {"n": number})


async def store_all() -> None:
    await asyncio.gather(*[store(number) for number in range(3)])
""",
    ),
)


def find(program: Program) -> Iterator[Finding]:
    seen: set[tuple[Function, ast.AST]] = set()
    for task in tasks(program).sharing():
        given = [*task.call.args, *(k.value for k in task.call.keywords)]
        is_handed = any(program.is_session(program.values(argument)) for argument in given)
        place = task.call if is_handed else task.use
        function = task.function if is_handed else task.user
        if (function, task.use) not in seen:
            seen.add((function, task.use))
            message = f"{task.user.qualname} runs in several tasks at once and uses a session that they share"
            yield finding(function.source, place, CODE, message, task.chain)
