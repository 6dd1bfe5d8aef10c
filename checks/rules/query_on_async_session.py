"""`query()` is called on a session that is async.

An AsyncSession has no `query()`: the call raises AttributeError. Write a `select()` and send it with `await
session.execute()`, `scalars()` or `scalar()`. It has no `bulk_save_objects()` and its like either.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator

from ...analysis.program import Program
from ...analysis.values import Instance
from ..finding import Finding, finding
from ..rule import Example

CODE = "AS101"
NAME = "query-on-async-session"
# What a Session has and an AsyncSession lacks, and what takes its place.
LACKING = {
    "query": "send a select()",
    "bulk_save_objects": "use add_all()",
    "bulk_insert_mappings": "execute an insert() with the rows",
    "bulk_update_mappings": "execute an update() with the rows",
}
ASYNC_SESSION = "sqlalchemy.ext.asyncio.AsyncSession"

EXAMPLES = (
    Example(
        bad="""\
from sqlalchemy.ext.asyncio import AsyncSession


async def names(session: AsyncSession) -> list[str]:
    return [user.name for user in session.query(User).all()]  # AS101
""",
        good="""\
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession


async def names(session: AsyncSession) -> list[str]:
    return [user.name for user in await session.scalars(select(User))]
""",
    ),
)


def find(program: Program) -> Iterator[Finding]:
    for source in program.sources.values():
        for node in source.nodes:
            match node:
                case ast.Call(func=ast.Attribute(value=receiver, attr=name)) if name in LACKING:
                    if _is_async_session(program, receiver):
                        text = f"{source.text(receiver)} is an AsyncSession, which has no {name}(): {LACKING[name]}"
                        yield finding(source, node, CODE, text)


def _is_async_session(program: Program, node: ast.expr) -> bool:
    objects = program.interpreter.objects
    return any(isinstance(v, Instance) and objects.is_a(v.cls, ASYNC_SESSION) for v in program.values(node))
