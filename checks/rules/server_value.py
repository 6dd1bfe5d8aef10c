"""A value that the database works out in an update is read, and was not fetched.

After the flush of an update a column with `onupdate=func.now()` is expired, whatever `expire_on_commit` says: the next
read sends a query, and outside of a greenlet that raises MissingGreenlet, in a response model too. Give the mapper
`__mapper_args__ = {"eager_defaults": True}`, or `await session.refresh(…)`.
"""

from __future__ import annotations

import ast
from collections import defaultdict
from collections.abc import Iterator

from ...analysis.calling import runs_on_loop, tests_aside
from ...analysis.lazy_loads import traced
from ...analysis.order import dominates, may_follow
from ...analysis.program import Program
from ...analysis.responses import Responses
from ...analysis.server_values import server_columns
from ...analysis.session_use import is_async_database
from ...analysis.symbols import Function
from ...analysis.values import ClassObject, Instance
from ..finding import Finding, finding
from ..rule import Example

CODE = "AS305"
NAME = "server-value"
SENDING = frozenset({"commit", "flush"})
SETTING = "eager_defaults"

MODEL = """\
from datetime import datetime

from sqlalchemy import func
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column


class Base(DeclarativeBase):
    pass


class User(Base):
    __tablename__ = "user"

    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str]
    changed: Mapped[datetime] = mapped_column(default=func.now(), onupdate=func.now())


"""
EXAMPLES = (
    Example(
        bad=MODEL
        + """\
async def rename(session: AsyncSession, user: User, name: str) -> str:
    user.name = name
    await session.flush()
    return user.changed.isoformat()  # AS305
""",
        good=MODEL
        + """\
async def rename(session: AsyncSession, user: User, name: str) -> str:
    user.name = name
    await session.flush()
    await session.refresh(user)
    return user.changed.isoformat()
""",
    ),
)


def find(program: Program) -> Iterator[Finding]:
    columns = {(cls, name) for cls, name in server_columns(program) if not _is_fetched(program, cls)}
    if not columns:
        return
    served = _served(program)
    for function in tests_aside(program):
        if runs_on_loop(program, function):
            for node, owner, name in (*_reads(function), *served[function]):
                classes = [v.cls for v in program.values(owner) if isinstance(v, Instance) and (v.cls, name) in columns]
                if classes and _is_updated(program, function, owner.id, node):
                    column = f"{program.plain_name(classes[0])}.{name}"
                    message = f"{column} was set by the database in the update, and not fetched: refresh first"
                    yield finding(function.source, node, CODE, message)


def _is_fetched(program: Program, cls: str) -> bool:
    mapped = program.mapped(cls)
    return mapped is not None and SETTING in mapped.settings


Read = tuple[ast.expr, ast.Name, str]


def _reads(function: Function) -> Iterator[Read]:
    for node in function.own_nodes():
        match node:
            case ast.Attribute(value=ast.Name() as owner, attr=name, ctx=ast.Load()):
                yield node, owner, name


def _served(program: Program) -> dict[Function, list[Read]]:
    """What schemas read of the variables that functions return."""
    found: defaultdict[Function, list[Read]] = defaultdict(list)
    for reading in Responses(program, traced(program)).readings():
        if isinstance(reading.node, ast.Name) and reading.is_direct:
            found[reading.function].append((reading.node, reading.node, reading.name))
    return found


def _is_updated(program: Program, function: Function, name: str, read: ast.expr) -> bool:
    """Is an object of the database changed and flushed before the read, and not loaded again?"""
    source = function.source
    changes: list[ast.AST] = []
    flushes: list[ast.AST] = []
    loads: list[ast.AST] = []
    for node in function.own_nodes():
        match node:
            case ast.Attribute(value=ast.Name(id=owner), ctx=ast.Store()) if owner == name:
                changes.append(node)
            case ast.Call(func=ast.Attribute(value=session, attr=method)) if method in SENDING:
                if is_async_database(program, program.values(session)):
                    flushes.append(node)
            case ast.Call(func=ast.Attribute(attr="refresh"), args=[ast.Name(id=owner), *_]) if owner == name:
                loads.append(node)
            case ast.Assign(targets=[ast.Name(id=owner)], value=value) if owner == name:
                if _is_made(program, value):
                    return False
                loads.append(node)
    return any(
        may_follow(source, change, flush)
        and dominates(source, flush, read)
        and not any(may_follow(source, flush, load) and dominates(source, load, read) for load in loads)
        for flush in flushes
        for change in changes
    )


def _is_made(program: Program, value: ast.expr) -> bool:
    """Is it a new object? What an insert sets is fetched with it."""
    return isinstance(value, ast.Call) and any(isinstance(v, ClassObject) for v in program.values(value.func))
