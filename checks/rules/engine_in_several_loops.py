"""An async engine is used on several event loops.

Each `asyncio.run()` has a loop of its own, and a pooled connection belongs to the loop that opened it: the second run
gets "attached to a different loop" or "Event loop is closed". So it is with tasks of a worker that call `asyncio.run()`
each. Keep one loop, make the engine inside of the run, or give it `poolclass=NullPool`.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator

from ...analysis.calling import RUNNING, edges, tests_aside
from ...analysis.order import may_follow
from ...analysis.program import Program
from ...analysis.symbols import Function, decorator_name
from ...analysis.values import External, FunctionObject, Instance
from ..finding import Finding, Step, finding
from ..rule import Example

CODE = "AS402"
NAME = "engine-in-several-loops"
POOLED = frozenset({"sqlalchemy.ext.asyncio.AsyncEngine", "sqlalchemy.ext.asyncio.async_sessionmaker"})
# Under these a worker or scheduler runs a function again and again, in one process.
REPEATING = frozenset({"task", "shared_task", "periodic_task", "actor", "job", "scheduled_job"})
UNPOOLED = b"NullPool"

EXAMPLES = (
    Example(
        bad="""\
import asyncio

from celery import shared_task
from sqlalchemy import text
from sqlalchemy.ext.asyncio import create_async_engine

engine = create_async_engine("postgresql+asyncpg://localhost/app")


async def clean() -> None:
    async with engine.begin() as connection:
        await connection.execute(text("delete from old"))


@shared_task
def clean_up() -> None:
    asyncio.run(clean())  # AS402
""",
        good="""\
import asyncio

from celery import shared_task
from sqlalchemy import text
from sqlalchemy.ext.asyncio import create_async_engine


async def clean() -> None:
    engine = create_async_engine("postgresql+asyncpg://localhost/app")
    async with engine.begin() as connection:
        await connection.execute(text("delete from old"))
    await engine.dispose()


@shared_task
def clean_up() -> None:
    asyncio.run(clean())
""",
    ),
)


def find(program: Program) -> Iterator[Finding]:
    if any(UNPOOLED in source.content for source in program.sources.values()):
        return
    for function in tests_aside(program):
        runs = [n for n in function.own_nodes() if isinstance(n, ast.Call) and _is_run(program, n)]
        for node in runs:
            others = [n for n in runs if n is not node and may_follow(function.source, n, node)]
            if others or _is_repeated(function, node):
                way = _way_to_engine(program, node)
                if way:
                    message = "each run has a loop of its own, and they share the connections of one engine"
                    yield finding(function.source, node, CODE, message, way)


def _is_run(program: Program, node: ast.Call) -> bool:
    return any(isinstance(v, External) and v.name in RUNNING for v in program.values(node.func))


def _is_repeated(function: Function, node: ast.Call) -> bool:
    """Is it run again and again: in a loop, or by a worker?"""
    if any(decorator_name(d) in REPEATING for d in function.decorators):
        return True
    parent = function.source.parents.get(node)
    while parent is not None and parent is not function.node:
        if isinstance(parent, ast.For | ast.While):
            return True
        parent = function.source.parents.get(parent)
    return False


def _way_to_engine(program: Program, node: ast.Call) -> tuple[Step, ...]:
    """How the coroutine comes to a pooled engine that outlives the run; () when it does not, or disposes of it."""
    pending: list[tuple[Function, tuple[Step, ...]]] = []
    for inner in ast.walk(node):
        if isinstance(inner, ast.Name | ast.Attribute):
            pending += [(program.function(v.key), ()) for v in program.values(inner) if isinstance(v, FunctionObject)]
    found: tuple[Step, ...] = ()
    seen: set[Function] = set()
    while pending:
        function, way = pending.pop(0)
        if function in seen:
            continue
        seen.add(function)
        for used in function.own_nodes():
            if isinstance(used, ast.Attribute) and used.attr == "dispose":
                return ()
            if not found and isinstance(used, ast.Name) and _is_global_engine(program, function, used):
                found = (*way, Step(function.source.path, used.lineno, f"{function.qualname} uses {used.id}"))
        for place, callee in edges(program).get(function, ()):
            pending.append((callee, (*way, Step(function.source.path, place.lineno, f"calls {callee.qualname}"))))
    return found


def _is_global_engine(program: Program, function: Function, node: ast.Name) -> bool:
    stored = {n.id for n in function.own_nodes() if isinstance(n, ast.Name) and isinstance(n.ctx, ast.Store)}
    is_own = node.id in stored - function.globals or any(p.arg == node.id for p in function.parameters())
    return not is_own and any(isinstance(v, Instance) and v.cls in POOLED for v in program.values(node))
