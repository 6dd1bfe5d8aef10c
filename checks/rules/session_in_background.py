"""A request's session is given to what runs on after the response.

When the background task runs, the dependency has closed the session, or still uses it for the same request. Give the
task the keys of what it works on, and let it open a session of its own.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator

from ...analysis.calling import tests_aside
from ...analysis.program import Program
from ...analysis.session_use import is_async_database
from ...analysis.symbols import Function
from ...analysis.tasks import SPAWNING
from ...analysis.values import External, Instance
from ..finding import Finding, finding
from ..rule import Example

CODE = "AS603"
NAME = "session-in-background"
BACKGROUND = "fastapi.BackgroundTasks"

EXAMPLES = (
    Example(
        bad="""\
from fastapi import BackgroundTasks
from sqlalchemy.ext.asyncio import AsyncSession


async def index(session: AsyncSession, key: int) -> None:
    await session.rollback()


async def save(session: AsyncSession, background: BackgroundTasks) -> None:
    background.add_task(index, session, 1)  # AS603
""",
        good="""\
from fastapi import BackgroundTasks
from sqlalchemy.ext.asyncio import AsyncSession, async_sessionmaker

SessionLocal: async_sessionmaker[AsyncSession]


async def index(key: int) -> None:
    async with SessionLocal() as session:
        await session.rollback()


async def save(session: AsyncSession, background: BackgroundTasks) -> None:
    background.add_task(index, 1)
""",
    ),
)


def find(program: Program) -> Iterator[Finding]:
    for function in tests_aside(program):
        parameters = {p.arg for p in function.parameters()}
        for node in function.own_nodes():
            if isinstance(node, ast.Call):
                for argument in _handed(program, function, node):
                    if isinstance(argument, ast.Name) and argument.id in parameters and _is_session(program, argument):
                        message = f"{argument.id} is closed when the background task runs: let it open its own session"
                        yield finding(function.source, node, CODE, message)


def _handed(program: Program, function: Function, node: ast.Call) -> list[ast.expr]:
    """What a call hands to a task that outlives the caller."""
    for value in program.values(node.func):
        match value:
            case External(receiver=Instance(cls=cls), name=name) if cls == BACKGROUND and name.endswith(".add_task"):
                return [*node.args[1:], *(k.value for k in node.keywords)]
            case External(name=name) if name in SPAWNING and node.args and _is_forgotten(function, node):
                task = node.args[0]
                return [*task.args, *(k.value for k in task.keywords)] if isinstance(task, ast.Call) else []
    return []


def _is_forgotten(function: Function, node: ast.Call) -> bool:
    return isinstance(function.source.parents.get(node), ast.Expr)


def _is_session(program: Program, node: ast.expr) -> bool:
    values = program.values(node)
    return program.is_session(values) and is_async_database(program, values)
