"""An async generator or context manager is used as a sync one, or the reverse.

`next()`, `for` and `with` raise TypeError on what is async; so do `anext()`, `async for` and `async with` on what is
sync. FastAPI calls a context manager that is given to `Depends` and passes on the manager, not what it yields. Write
`async for` or `async with`, or open a session of one's own: `async with SessionLocal() as session`.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator

from ...analysis.program import Program
from ...analysis.session_use import is_async_database
from ...analysis.source import Source
from ...analysis.values import Context, External, FunctionObject, Generated, Instance, Many, Row, Rows, Value
from ..finding import Finding, finding
from ..rule import Example

CODE = "AS106"
NAME = "wrong-kind-of-iteration"

EXAMPLES = (
    Example(
        bad="""\
from collections.abc import AsyncIterator

from sqlalchemy.ext.asyncio import AsyncSession, async_sessionmaker, create_async_engine

SessionLocal = async_sessionmaker(create_async_engine("sqlite+aiosqlite://"), expire_on_commit=False)


async def get_session() -> AsyncIterator[AsyncSession]:
    with SessionLocal() as session:  # AS106
        yield session


async def middleware() -> None:
    session = next(get_session())  # AS106
    await session.commit()
""",
        good="""\
from collections.abc import AsyncIterator

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession, async_sessionmaker, create_async_engine

SessionLocal = async_sessionmaker(create_async_engine("sqlite+aiosqlite://"), expire_on_commit=False)


async def get_session() -> AsyncIterator[AsyncSession]:
    async with SessionLocal() as session:
        yield session


async def middleware(keys: list[int]) -> bool:
    async with SessionLocal() as session:
        await session.commit()
        return await anext((True async for found in (await session.scalar(text("1")) for _ in keys) if found), False)
""",
    ),
)
SYNC_ITERATION = frozenset({"next", "list", "set", "tuple", "sorted", "iter", "enumerate", "sum"})


def find(program: Program) -> Iterator[Finding]:
    for source in program.sources.values():
        for node in source.nodes:
            for place, message in _mistakes(program, source, node):
                yield finding(source, place, CODE, message)


def _mistakes(program: Program, source: Source, node: ast.AST) -> Iterator[tuple[ast.expr, str]]:
    match node:
        case ast.Call(func=ast.Name(id=name), args=[given, *_]) if name in SYNC_ITERATION:
            if _all_generated(program, given, is_async=True):
                yield node, f"{source.text(given)} is an async generator: {name}() can't run through it"
        case ast.Call(func=ast.Name(id="anext" | "aiter" as name), args=[given, *_]):
            if _all_generated(program, given, is_async=False):
                yield node, f"{source.text(given)} is a sync generator: {name}() can't run through it"
        case ast.For(iter=iterable) | ast.comprehension(iter=iterable, is_async=0):
            if _all_generated(program, iterable, is_async=True):
                yield iterable, f"{source.text(iterable)} is an async generator: use async for"
            elif _is_streamed(program, iterable):
                yield iterable, f"{source.text(iterable)} is an async result: use async for"
        case ast.AsyncFor(iter=iterable) | ast.comprehension(iter=iterable):
            if _all_generated(program, iterable, is_async=False):
                yield iterable, f"{source.text(iterable)} is a sync generator: use for"
            elif _all(program, iterable, _is_buffered) and not _awaits(iterable):
                yield iterable, f"{source.text(iterable)} is all there already: use for"
        case ast.With(items=items):
            for item in items:
                if _all(program, item.context_expr, _is_async_manager):
                    yield item.context_expr, f"{source.text(item.context_expr)} is async: use async with"
        case ast.AsyncWith(items=items):
            for item in items:
                if _all(program, item.context_expr, _is_sync_manager):
                    yield item.context_expr, f"{source.text(item.context_expr)} is sync: use with"
        case ast.Call(args=[given, *_]) if External("fastapi.Depends") in program.values(node.func):
            if _is_context_function(program, given):
                yield node, f"{source.text(given)} is a context manager, which Depends does not enter: give a generator"


def _is_streamed(program: Program, node: ast.expr) -> bool:
    """`await session.stream(…)`"""
    match node:
        case ast.Await(value=ast.Call(func=ast.Attribute(value=owner, attr="stream" | "stream_scalars"))):
            return is_async_database(program, program.values(owner))
    return False


def _awaits(node: ast.expr) -> bool:
    """Is it a generator expression that awaits, and asynchronous for that?"""
    return isinstance(node, ast.GeneratorExp) and any(
        isinstance(n, ast.Await) or (isinstance(n, ast.comprehension) and n.is_async) for n in ast.walk(node)
    )


def _is_buffered(program: Program, value: Value) -> bool:
    return isinstance(value, Rows | Many | Row)


def _all_generated(program: Program, node: ast.expr, *, is_async: bool) -> bool:
    values = program.values(node)
    return bool(values) and all(
        isinstance(v, Generated) and program.function(v.key).is_async is is_async for v in values
    )


def _all(program: Program, node: ast.expr, test: object) -> bool:
    assert callable(test)
    values = program.values(node)
    if isinstance(node, ast.Call) and any(_patches(v) for v in program.values(node.func)):
        return False
    return bool(values) and all(test(program, value) for value in values)


def _patches(value: Value) -> bool:
    """`patch(name, new)`: what it gives is known as what it puts there, and entered itself."""
    return isinstance(value, External) and value.name.startswith("unittest.mock.patch")


def _is_async_manager(program: Program, value: Value) -> bool:
    match value:
        case Context(key=key) if key:
            return program.function(key).is_async
        case Context(items=items):
            return bool(items) and all(_is_async_manager(program, item) for item in items)
        case Instance(cls=cls) if cls in program.interpreter.objects.classes:
            return bool(program.methods(cls, "__aenter__")) and not program.methods(cls, "__enter__")
        case Instance(cls=cls):
            return cls.startswith(("sqlalchemy.ext.asyncio.", "sqlmodel.ext.asyncio."))
    return False


def _is_sync_manager(program: Program, value: Value) -> bool:
    match value:
        case Context(key=key) if key:
            return not program.function(key).is_async
        case Instance(cls=cls) if cls in program.interpreter.objects.classes:
            return bool(program.methods(cls, "__enter__")) and not program.methods(cls, "__aenter__")
        case Instance(cls=cls):
            return cls.startswith(("sqlalchemy.", "sqlmodel.")) and bool(program.converted_class(cls))
    return False


def _is_context_function(program: Program, node: ast.expr) -> bool:
    context_functions = program.interpreter.context_functions
    return any(isinstance(v, FunctionObject) and v.key in context_functions for v in program.values(node))
