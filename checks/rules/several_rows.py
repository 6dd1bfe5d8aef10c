"""One row is asked for where several can match.

`one()`, `one_or_none()` and their like raise MultipleResultsFound, where `first()` took any. What the query compares is
no key: neither the primary one nor unique, by itself or together. Make it unique, or ask with `limit(1)`, `first()` and
an order.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator

from ...analysis.bindings import written
from ...analysis.calling import tests_aside
from ...analysis.keys import unique_keys
from ...analysis.mapped import Mapped
from ...analysis.program import Program
from ...analysis.session_use import is_async_database
from ...analysis.symbols import Function
from ...analysis.values import ClassObject, ColumnAttribute
from ..examples import USER
from ..finding import Finding, finding
from ..rule import Example

CODE = "AS704"
NAME = "several-rows"
ASKING = frozenset({"one", "one_or_none", "scalar_one", "scalar_one_or_none"})
SENDING = frozenset({"execute", "scalars", "exec"})
# Parts of a statement that neither add rows nor take any away.
NEUTRAL = frozenset({"options", "order_by", "with_for_update", "execution_options"})

MODEL = (
    """\
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column
"""
    + USER
)
EXAMPLES = (
    Example(
        bad=MODEL
        + """\
async def named(session: AsyncSession, name: str) -> User | None:
    result = await session.execute(select(User).where(User.name == name))
    return result.scalar_one_or_none()  # AS704
""",
        good=MODEL
        + """\
async def named(session: AsyncSession, name: str) -> User | None:
    result = await session.execute(select(User).where(User.name == name).order_by(User.id).limit(1))
    return result.scalar_one_or_none()


async def known(session: AsyncSession, key: int) -> User:
    return (await session.scalars(select(User).where(User.id == key))).one()
""",
    ),
)


def find(program: Program) -> Iterator[Finding]:
    for function in tests_aside(program):
        for node in function.own_nodes():
            match node:
                case ast.Call(func=ast.Attribute(value=result, attr=method), args=[]) if method in ASKING:
                    statements = [s for sent in _sent(program, function, result) for s in written(function, sent)]
                    matched = _matched(program, statements[0]) if len(statements) == 1 else None
                    if matched is not None:
                        cls, columns = matched
                        named = " and ".join(f"{cls}.{name}" for name in sorted(columns))
                        message = f"several rows can have one {named}, and {method}() refuses more than one"
                        yield finding(function.source, node, CODE, message)


def _sent(program: Program, function: Function, result: ast.expr) -> Iterator[ast.expr]:
    """The statement whose result this is, behind `scalars()` and `unique()`, if it is sent on an async session."""
    found = written(function, result)
    match found[0] if len(found) == 1 else None:
        case ast.Await(value=ast.Call(func=ast.Attribute(value=session, attr=method), args=[statement, *_])):
            if method in SENDING and is_async_database(program, program.values(session)):
                yield statement
        case ast.Call(func=ast.Attribute(value=inner, attr="scalars" | "unique"), args=[]):
            yield from _sent(program, function, inner)


def _matched(program: Program, statement: ast.expr) -> tuple[str, frozenset[str]] | None:
    """The class and the columns that a select of one class compares, if they are no key; None if that is not known."""
    columns: set[str] = set()
    node = statement
    while isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
        match node.func.attr:
            case "where" | "filter" | "filter_by":
                conditions: list[ast.expr | ast.keyword] = [*node.args, *node.keywords]
                compared = [_compared(program, condition) for condition in conditions]
                if None in compared:
                    return None
                columns.update(name for name in compared if name)
            case other if other not in NEUTRAL:
                return None
        node = node.func.value
    match node:
        case ast.Call(func=ast.Name(id="select"), args=[entity]):
            mapped = _entity(program, entity)
            is_known = mapped is not None and columns and columns <= mapped.columns.keys()
            if mapped is not None and is_known and not any(key <= columns for key in unique_keys(mapped)):
                return program.plain_name(mapped.cls.key), frozenset(columns)
    return None


def _entity(program: Program, node: ast.expr) -> Mapped | None:
    match [*program.values(node)]:
        case [ClassObject(cls=cls)]:
            return program.mapped(cls)
    return None


def _compared(program: Program, condition: ast.expr | ast.keyword) -> str | None:
    """The column that a condition sets equal to something; None for another condition."""
    match condition:
        case ast.keyword(arg=str(name)):
            return name
        case ast.Compare(left=left, ops=[ast.Eq()]):
            return next((v.name for v in program.values(left) if isinstance(v, ColumnAttribute)), None)
    return None
