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
from ...analysis.source import Source
from ...analysis.symbols import Function
from ...analysis.values import ClassObject, External, FunctionObject, Instance, Values
from ..finding import Finding, Step, finding
from ..rule import Example

CODE = "AS105"
NAME = "sync-session-dependency"
DEPENDS = External("fastapi.Depends")

EXAMPLES = (
    Example(
        bad="""\
from collections.abc import AsyncIterator, Iterator

from fastapi import Depends, FastAPI
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


@app.get("/")
async def show(session: AsyncSession = Depends(override)) -> None:  # AS105
    await session.rollback()
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
                        for function in _sync_ones(program, program.values(node.value)):
                            yield finding(function.source, _place(function), CODE, _message(function), [step])
                case ast.Call(args=[given, *_]) if DEPENDS in program.values(node.func):
                    hint = _annotation(source, node)
                    for function in _sync_ones(program, program.values(given)):
                        if hint is not None and _is_async_session(program, hint):
                            yield finding(source, node, CODE, _message(function), _step(function))


def _gives_async(program: Program, values: Values) -> bool:
    given = [_given(program, f) for f in _functions(program, values)]
    return bool(given) and all(is_async_database(program, g) for g in given)


def _sync_ones(program: Program, values: Values) -> Iterator[Function]:
    """The dependencies among values that give sync sessions alone."""
    for function in _functions(program, values):
        given = _given(program, function)
        if is_sync_database(program, given) and not is_async_database(program, given):
            yield function


def _message(function: Function) -> str:
    return f"{function.qualname} gives a sync session where an async one is expected"


def _step(function: Function) -> list[Step]:
    return [Step(function.source.path, _place(function).lineno, f"{function.qualname} gives it")]


def _annotation(source: Source, depends: ast.Call) -> ast.expr | None:
    """What a parameter with `Depends(…)` as its default, or within `Annotated[…]`, is said to be."""
    parent = source.parents.get(depends)
    match parent:
        case ast.arguments(posonlyargs=first, args=more, defaults=defaults, kwonlyargs=named, kw_defaults=others):
            arguments = dict(zip(map(id, reversed(defaults)), reversed([*first, *more]), strict=False))
            arguments |= dict(zip(map(id, others), named, strict=False))
            return arguments[id(depends)].annotation
        case ast.Tuple(elts=[hint, *_]) if isinstance(source.parents.get(parent), ast.Subscript):
            return hint
    return None


def _is_async_session(program: Program, hint: ast.expr) -> bool:
    named = (v for n in ast.walk(hint) if isinstance(n, ast.expr) for v in program.values(n))
    return any(isinstance(v, ClassObject) and is_async_database(program, frozenset({Instance(v.cls)})) for v in named)


def _functions(program: Program, values: Values) -> list[Function]:
    return [program.function(v.key) for v in values if isinstance(v, FunctionObject)]


def _given(program: Program, function: Function) -> Values:
    return program.interpreter.store.peek("yield" if function.is_generator else "return", function.key)


def _place(function: Function) -> ast.stmt | ast.expr:
    """Where the function gives the session: its `yield` or `return`."""
    wanted = ast.Yield if function.is_generator else ast.Return
    found = next((n for n in function.own_nodes() if isinstance(n, wanted)), None)
    return found if found is not None else function.body[0]
