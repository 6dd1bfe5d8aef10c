"""The sync side of an async session, connection or engine is used.

`sync_session`, `sync_connection`, `sync_engine` and what `get_bind()` gives do I/O without a greenlet around it: under
asyncio a call raises MissingGreenlet, or blocks. Use the method of the async object, `session.bind` for its engine, or
`await connection.run_sync(function)`. Event listeners are the one thing the sync side is for.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator

from ...analysis.calling import runs_on_loop
from ...analysis.library import library
from ...analysis.program import Program
from ...analysis.session_use import is_async_database, is_sync_database
from ...analysis.source import Source
from ...analysis.values import External, Instance
from ..finding import Finding, finding
from ..rule import Example

CODE = "AS104"
NAME = "sync-facade"
FACADES = frozenset({"sync_session", "sync_connection", "sync_engine"})
INSPECTED = frozenset({"sqlalchemy.ext.asyncio.AsyncEngine", "sqlalchemy.ext.asyncio.AsyncConnection"})
# What an engine tells of itself without asking the database.
PLAIN = frozenset({"dialect", "driver", "name", "pool", "url"})

EXAMPLES = (
    Example(
        bad="""\
from sqlalchemy.ext.asyncio import AsyncEngine, AsyncSession


def dispose(engine: AsyncEngine) -> None:
    engine.sync_engine.dispose()  # AS104


async def connect(session: AsyncSession) -> None:
    session.get_bind().connect()  # AS104
""",
        good="""\
from sqlalchemy import event
from sqlalchemy.ext.asyncio import AsyncEngine, AsyncSession


async def dispose(engine: AsyncEngine) -> None:
    event.remove(engine.sync_engine, "connect", print)
    await engine.dispose()


async def connect(session: AsyncSession) -> str:
    await session.connection()
    return session.get_bind().dialect.name
""",
    ),
)


def find(program: Program) -> Iterator[Finding]:
    for source in program.sources.values():
        for node in source.nodes:
            if isinstance(node, ast.Call):
                message = _inspects(program, node)
                if isinstance(node.func, ast.Attribute):
                    message = message or _gets_bind(program, source, node) or _uses_facade(program, node.func)
                    message = message or _schema(program, node)
                if message:
                    yield finding(source, node, CODE, message)


def _gets_bind(program: Program, source: Source, node: ast.Call) -> str:
    method, parent = node.func, source.parents.get(node)
    assert isinstance(method, ast.Attribute)
    if method.attr != "get_bind" or not is_async_database(program, program.values(method.value)):
        return ""
    if isinstance(parent, ast.Attribute) and parent.attr in PLAIN:
        return ""
    return "get_bind() of an AsyncSession gives a sync engine: use its bind"


def _inspects(program: Program, node: ast.Call) -> str:
    """`inspect(async_engine)`"""
    names = {v.name for v in program.values(node.func) if isinstance(v, External)}
    if not names & {"sqlalchemy.inspect", "sqlalchemy.inspection.inspect"} or not node.args:
        return ""
    given = program.values(node.args[0])
    is_engine = any(isinstance(v, Instance) and v.cls in INSPECTED for v in given)
    return "inspect() takes a sync connection: await connection.run_sync(inspect)" if is_engine else ""


def _uses_facade(program: Program, method: ast.Attribute) -> str:
    """`engine.sync_engine.dispose()`"""
    match method.value:
        case ast.Attribute(attr=name, value=owner) if name in FACADES:
            if is_async_database(program, program.values(owner)) and _does_io(program, method):
                return (
                    f"{name}.{method.attr}() does I/O on the sync side of an async object: use {method.attr}() of that"
                )
    return ""


def _does_io(program: Program, method: ast.Attribute) -> bool:
    for value in program.values(method):
        if isinstance(value, External) and isinstance(value.receiver, Instance):
            known = library().method(*value.name.rpartition(".")[::2])
            if known and known.io:
                return True
    return False


def _schema(program: Program, node: ast.Call) -> str:
    """`metadata.create_all(async_engine)`"""
    values = program.values(node.func)
    is_named_so = not values and isinstance(node.func, ast.Attribute) and node.func.attr in {"create_all", "drop_all"}
    if not (is_named_so or any(isinstance(v, External) and _is_schema_method(v) for v in values)):
        return ""
    for argument in (*node.args, *(k.value for k in node.keywords)):
        values = program.values(argument)
        around = program.function_around(node)
        is_on_loop = around is not None and runs_on_loop(program, around)
        if is_async_database(program, values) and (is_on_loop or not is_sync_database(program, values)):
            return "a schema call takes a sync connection: await connection.run_sync(metadata.create_all)"
    return ""


def _is_schema_method(value: External) -> bool:
    cls, _, method = value.name.rpartition(".")
    known = library().method(cls, method)
    return bool(known and known.io and library().canonical(cls) in {"sqlalchemy.MetaData", "sqlalchemy.Table"})
