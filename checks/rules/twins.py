"""A sync and an async version of one function stand side by side.

They do the same and drift apart with the next change: a bug is mended in one of them, and the sync one blocks the event
loop wherever it is called by mistake. Keep the async one. Where sync code really stays, name its file in `keep-sync`.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator

from ...analysis.program import Program
from ...analysis.session_use import is_sync_database
from ...analysis.symbols import Class
from ...analysis.twins import Definition, equal_pairs, pairs
from ..finding import Finding, finding
from ..rule import Example

CODE = "AS404"
NAME = "twins"

EXAMPLES = (
    Example(
        bad="""\
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import Session


def count(session: Session) -> int:  # AS404
    result = session.execute(text("select 1"))
    return result.scalar_one()


async def count_async(session: AsyncSession) -> int:
    result = await session.execute(text("select 1"))
    return result.scalar_one()
""",
        good="""\
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession


async def count(session: AsyncSession) -> int:
    result = await session.execute(text("select 1"))
    return result.scalar_one()
""",
    ),
)


def find(program: Program) -> Iterator[Finding]:
    suspects = [p for p in pairs(program) if _uses_database(program, p.sync)]
    for pair in sorted(equal_pairs(program, suspects), key=lambda p: p.sync.source.path):
        sync, asynchronous = pair.sync, pair.asynchronous
        node = sync.node
        if isinstance(node, ast.FunctionDef | ast.ClassDef):
            message = f"{sync.name} is the sync twin of {asynchronous.name}: keep the async one"
            yield finding(sync.source, node, CODE, message)


def _uses_database(program: Program, definition: Definition) -> bool:
    """Does a sync function, or a method of a class, work with a sync session or connection?"""
    functions = definition.methods.values() if isinstance(definition, Class) else (definition,)
    return any(
        isinstance(n, ast.expr) and is_sync_database(program, program.values(n))
        for function in functions
        for n in function.own_nodes()
    )
