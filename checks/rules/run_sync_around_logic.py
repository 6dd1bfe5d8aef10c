"""Code of the project runs inside of `session.run_sync()`.

It is sync code in a greenlet: it works, but nothing in it can be awaited, it blocks where it calls anything else than
the database, and it keeps the old API alive. `run_sync` is for what has no async form, such as `metadata.create_all`.
Make the function async and give it the AsyncSession. Code that stays sync on purpose stands in `keep-sync`.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator

from ...analysis.calling import edges, tests_aside
from ...analysis.decisions import Step
from ...analysis.program import Program
from ...analysis.session_use import is_async_database
from ...analysis.symbols import Function
from ...analysis.values import FunctionObject
from ..finding import Finding, finding
from ..rule import Example

CODE = "AS406"
NAME = "run-sync-around-logic"
# What asks the database, or tells it something.
QUERIES = frozenset({"execute", "scalar", "scalars", "query", "get", "get_one", "commit", "flush", "merge", "refresh"})

EXAMPLES = (
    Example(
        bad="""\
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import Session


def count(session: Session) -> int:
    return session.execute(text("select 1")).scalar_one()


async def show(session: AsyncSession) -> int:
    return await session.run_sync(count)  # AS406
""",
        good="""\
from sqlalchemy import MetaData, text
from sqlalchemy.ext.asyncio import AsyncEngine, AsyncSession

metadata = MetaData()


async def prepare(engine: AsyncEngine) -> None:
    async with engine.begin() as connection:
        await connection.run_sync(metadata.create_all)


async def count(session: AsyncSession) -> int:
    return (await session.execute(text("select 1"))).scalar_one()
""",
    ),
)


def find(program: Program) -> Iterator[Finding]:
    for function in tests_aside(program):
        for node in function.own_nodes():
            match node:
                case ast.Call(func=ast.Attribute(value=session, attr="run_sync"), args=[given, *_]):
                    if program.is_session(program.values(session)) and is_async_database(
                        program, program.values(session)
                    ):
                        yield from _around(program, function, node, given)


def _around(program: Program, function: Function, node: ast.Call, given: ast.expr) -> Iterator[Finding]:
    for value in program.values(given):
        callee = program.function(value.key) if isinstance(value, FunctionObject) else None
        query = _query(program, callee, set()) if callee is not None and not callee.is_async else None
        if callee is not None and query is not None:
            name = callee.qualname or "a lambda"
            message = f"{name} queries inside of run_sync(): make it async, and give it the AsyncSession"
            step = Step(query[0].source.site(query[1]), f"calls {program.short(query[0].source, query[1])}")
            kept = program.kept.get(callee.source.path, "")
            yield finding(function.source, node, CODE, message, (step,), kept=kept)
            return


def _query(program: Program, function: Function, seen: set[Function]) -> tuple[Function, ast.expr] | None:
    """The first call of a session in a function, or in what it calls."""
    seen.add(function)
    for node in function.own_nodes():
        match node:
            case ast.Call(func=ast.Attribute(value=session, attr=method)) if method in QUERIES:
                if program.is_session(program.values(session)):
                    return function, node
    deeper = (callee for _, callee in edges(program).get(function, ()) if callee not in seen)
    return next((found for callee in deeper if (found := _query(program, callee, seen))), None)
