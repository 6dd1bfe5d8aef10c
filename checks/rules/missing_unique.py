"""A joined eager load of a collection is fetched without `unique()`.

A join gives a row for each child, and SQLAlchemy refuses to fetch entities from such a result: InvalidRequestError,
"The unique() method must be invoked". Call `unique()` on the result before, or load with `selectinload`.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator

from ...analysis.bindings import written
from ...analysis.program import Program
from ...analysis.symbols import Function
from ...analysis.values import ColumnAttribute
from ..examples import USER_WITH_POSTS
from ..finding import Finding, finding
from ..rule import Example

CODE = "AS304"
NAME = "missing-unique"
FETCHING = frozenset({"all", "one", "one_or_none", "scalar_one", "scalar_one_or_none", "fetchall", "partitions"})
SENDING = frozenset({"execute", "scalars", "exec"})

MODEL = (
    """\
from sqlalchemy import ForeignKey, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import DeclarativeBase, Mapped, joinedload, mapped_column, relationship
"""
    + USER_WITH_POSTS
)
EXAMPLES = (
    Example(
        bad=MODEL
        + """\
async def users(session: AsyncSession) -> list[User]:
    result = await session.execute(select(User).options(joinedload(User.posts)))
    return list(result.scalars().all())  # AS304
""",
        good=MODEL
        + """\
async def users(session: AsyncSession) -> list[User]:
    result = await session.execute(select(User).options(joinedload(User.posts)))
    return list(result.scalars().unique().all())
""",
    ),
)


def find(program: Program) -> Iterator[Finding]:
    for function in program.functions:
        for node in function.own_nodes():
            match node:
                case ast.Call(func=ast.Attribute(value=session, attr=method), args=[statement, *_]):
                    if method in SENDING and program.is_session(program.values(session)):
                        name = _joined_collection(program, function, statement)
                        for fetch in _fetches(function, node) if name else ():
                            message = f"{name} is loaded by a join: call unique() before {fetch.attr}()"
                            yield finding(function.source, fetch, CODE, message)


def _joined_collection(program: Program, function: Function, statement: ast.expr) -> str:
    """A collection that a statement loads by a join; "" for none."""
    for expression in written(function, statement):
        for node in ast.walk(expression):
            match node:
                case ast.Call(func=ast.Name(id="joinedload") | ast.Attribute(attr="joinedload"), args=[first, *_]):
                    for value in program.values(first):
                        if isinstance(value, ColumnAttribute) and _is_collection(program, value):
                            return f"{program.plain_name(value.cls)}.{value.name}"
    return ""


def _is_collection(program: Program, value: ColumnAttribute) -> bool:
    mapped = program.mapped(value.cls)
    return bool(mapped and value.name in mapped.relationships and mapped.relationships[value.name].many)


def _fetches(function: Function, call: ast.Call) -> Iterator[ast.Attribute]:
    """The methods that fetch from the result of a call, without a `unique()` on the way."""
    parents = function.source.parents
    result = parents.get(call)
    top = result if isinstance(result, ast.Await) else call
    starts: list[ast.AST] = [top]
    binding = parents.get(top)
    match binding:
        case ast.Assign(targets=[ast.Name(id=name)]):
            starts = [n for n in _loads(function, name) if _is_next(function, binding, n, name)]
    for start in starts:
        fetch = _fetch(function, start)
        if fetch is not None:
            yield fetch


def _loads(function: Function, name: str) -> Iterator[ast.Name]:
    for node in function.own_nodes():
        if isinstance(node, ast.Name) and node.id == name and isinstance(node.ctx, ast.Load):
            yield node


def _is_next(function: Function, binding: ast.stmt, load: ast.Name, name: str) -> bool:
    """Is a name read behind its binding, before it is bound again?"""
    stores = [
        n.lineno
        for n in function.own_nodes()
        if isinstance(n, ast.Name) and n.id == name and isinstance(n.ctx, ast.Store) and n.lineno > binding.lineno
    ]
    return binding.lineno < load.lineno <= min(stores, default=load.lineno)


def _fetch(function: Function, node: ast.AST) -> ast.Attribute | None:
    """The fetching method of a chain `result.scalars().all()`; None when there is none, or it is unique."""
    parents = function.source.parents
    while isinstance(attribute := parents.get(node), ast.Attribute):
        call = parents.get(attribute)
        if not isinstance(call, ast.Call) or call.func is not attribute or attribute.attr == "unique":
            return None
        if attribute.attr in FETCHING:
            return attribute
        node = call
    return None
