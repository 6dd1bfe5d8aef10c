"""A library lets sync code wait for coroutines.

`greenback`, `awaitlet` and `nest_asyncio` hide where a function gives control away: what looks sync may be interrupted
in the middle, and other tasks see its objects half changed. They help while a code base is being moved. Make the
functions on the way async, and await.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator

from ...analysis.program import Program
from ...analysis.values import External
from ..finding import Finding, finding
from ..rule import Example

CODE = "AS405"
NAME = "greenlet-bridge"
BRIDGES = (
    "greenback.",
    "awaitlet.",
    "nest_asyncio.",
    "sqlalchemy.util.await_",
    "sqlalchemy.util.concurrency.await_",
)
EXAMPLES = (
    Example(
        bad="""\
import greenback
import nest_asyncio
from awaitlet import async_def, awaitlet
from sqlalchemy.ext.asyncio import AsyncSession

nest_asyncio.apply()  # AS405


def save(session: AsyncSession) -> None:
    greenback.await_(session.commit())  # AS405


def load(session: AsyncSession, key: int) -> object:
    return awaitlet(session.get(object, key))  # AS405


async def find(session: AsyncSession, key: int) -> object:
    await greenback.ensure_portal()  # AS405
    return await async_def(load, session, key)  # AS405
""",
        good="""\
from sqlalchemy.ext.asyncio import AsyncSession


async def save(session: AsyncSession) -> None:
    await session.commit()


async def load(session: AsyncSession, key: int) -> object:
    return await session.get(object, key)
""",
    ),
)


def find(program: Program) -> Iterator[Finding]:
    for source in program.sources.values():
        for node in source.nodes:
            if isinstance(node, ast.Call):
                name = next(_bridges(program, node), "")
                if name:
                    message = f"{name}() lets sync code wait for coroutines: make the functions on the way async"
                    yield finding(source, node, CODE, message)


def _bridges(program: Program, node: ast.Call) -> Iterator[str]:
    """The names under which a call reaches such a library."""
    for value in program.values(node.func):
        if isinstance(value, External) and value.name.startswith(BRIDGES):
            yield value.name
