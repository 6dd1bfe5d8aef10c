"""A dependency that should give an async session gives a sync one.

What is written for an AsyncSession awaits what a sync Session returns, and fails; where nothing is awaited it blocks
the loop. That goes for tests too: an override with a sync session tests what production never runs. Let the dependency
give an AsyncSession.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator

from ...analysis.program import Program
from ...analysis.session_use import is_async_database, is_sync_database
from ...analysis.symbols import Function
from ...analysis.values import FunctionObject, Values
from ..finding import Finding, Step, finding
from ..rule import Example

CODE = "AS105"
NAME = "sync-session-dependency"

EXAMPLES = (
    Example(
        bad="""\
from collections.abc import AsyncIterator, Iterator

from fastapi import FastAPI
from sqlalchemy import create_engine
from sqlalchemy.ext.asyncio import AsyncSession, async_sessionmaker, create_async_engine
from sqlalchemy.orm import Session, sessionmaker

app = FastAPI()
AsyncLocal = async_sessionmaker(create_async_engine("sqlite+aiosqlite://"), expire_on_commit=False)
TestingLocal = sessionmaker(create_engine("sqlite://"))


async def get_session() -> AsyncIterator[AsyncSession]:
    async with AsyncLocal() as session:
        yield session


def override() -> Iterator[Session]:
    session = TestingLocal()
    yield session  # AS105


app.dependency_overrides[get_session] = override
""",
        good="""\
from collections.abc import AsyncIterator

from fastapi import FastAPI
from sqlalchemy.ext.asyncio import AsyncSession, async_sessionmaker, create_async_engine

app = FastAPI()
AsyncLocal = async_sessionmaker(create_async_engine("sqlite+aiosqlite://"), expire_on_commit=False)
TestingLocal = async_sessionmaker(create_async_engine("sqlite+aiosqlite://"), expire_on_commit=False)


async def get_session() -> AsyncIterator[AsyncSession]:
    async with AsyncLocal() as session:
        yield session


async def override() -> AsyncIterator[AsyncSession]:
    async with TestingLocal() as session:
        yield session


app.dependency_overrides[get_session] = override
""",
    ),
)


def find(program: Program) -> Iterator[Finding]:
    for source in program.sources.values():
        for node in source.nodes:
            match node:
                case ast.Assign(targets=[ast.Subscript(value=ast.Attribute(attr="dependency_overrides"), slice=key)]):
                    if _gives_async(program, program.values(key)):
                        step = Step(source.path, node.lineno, "overrides a dependency that gives an async session")
                        yield from _sync_ones(program, program.values(node.value), step)


def _gives_async(program: Program, values: Values) -> bool:
    given = [_given(program, f) for f in _functions(program, values)]
    return bool(given) and all(is_async_database(program, g) for g in given)


def _sync_ones(program: Program, values: Values, step: Step) -> Iterator[Finding]:
    for function in _functions(program, values):
        given = _given(program, function)
        if is_sync_database(program, given) and not is_async_database(program, given):
            message = f"{function.qualname} gives a sync session where an async one is expected"
            yield finding(function.source, _place(function), CODE, message, [step])


def _functions(program: Program, values: Values) -> list[Function]:
    return [program.function(v.key) for v in values if isinstance(v, FunctionObject)]


def _given(program: Program, function: Function) -> Values:
    return program.interpreter.store.peek("yield" if function.is_generator else "return", function.key)


def _place(function: Function) -> ast.stmt | ast.expr:
    """Where the function gives the session: its `yield` or `return`."""
    wanted = ast.Yield if function.is_generator else ast.Return
    found = next((n for n in function.own_nodes() if isinstance(n, wanted)), None)
    return found if found is not None else function.body[0]
