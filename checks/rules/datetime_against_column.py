"""A datetime with a time zone meets a column without one, or the reverse, under asyncpg.

psycopg converts; asyncpg raises DataError, "can't subtract offset-naive and offset-aware datetimes". Make them agree:
`DateTime(timezone=True)` with `datetime.now(timezone.utc)`, or `DateTime()` with a naive value.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator

from ...analysis.calling import runs_on_loop, tests_aside
from ...analysis.mapped import Mapped
from ...analysis.program import Program
from ...analysis.source import Source
from ...analysis.symbols import Function
from ...analysis.values import ClassObject, ColumnAttribute, FunctionObject, Instance
from ..finding import Finding, finding
from ..rule import Example

CODE = "AS702"
NAME = "datetime-against-column"
AWARE, NAIVE = "aware", "naive"
DRIVER = b"asyncpg"
TYPES = {"DateTime", "TIMESTAMP"}

EXAMPLES = (
    Example(
        bad="""\
from datetime import datetime, timezone

from sqlalchemy import DateTime
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

URL = "postgresql+asyncpg://localhost/app"


class Base(DeclarativeBase):
    pass


class Visit(Base):
    __tablename__ = "visit"

    id: Mapped[int] = mapped_column(primary_key=True)
    at: Mapped[datetime] = mapped_column(DateTime)
    until: Mapped[datetime] = mapped_column(DateTime(timezone=True), default=datetime.utcnow)  # AS702


async def visit() -> Visit:
    return Visit(at=datetime.now(timezone.utc))  # AS702
""",
        good="""\
from datetime import datetime, timezone

from sqlalchemy import DateTime
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

URL = "postgresql+asyncpg://localhost/app"


class Base(DeclarativeBase):
    pass


class Visit(Base):
    __tablename__ = "visit"

    id: Mapped[int] = mapped_column(primary_key=True)
    at: Mapped[datetime] = mapped_column(DateTime(timezone=True))
    until: Mapped[datetime] = mapped_column(DateTime, default=datetime.utcnow)


async def visit() -> Visit:
    return Visit(at=datetime.now(timezone.utc))
""",
    ),
)


def find(program: Program) -> Iterator[Finding]:
    if any(DRIVER in source.content for source in program.sources.values()):
        for function in tests_aside(program):
            for node in function.own_nodes() if runs_on_loop(program, function) else ():
                for mapped, name, value in _meetings(program, node):
                    yield from _compared(program, function, mapped, name, value)
        for mapped in program.interpreter.objects.mapped.known.values():
            yield from _defaults(program, mapped)


def _compared(program: Program, function: Function, mapped: Mapped, name: str, value: ast.expr) -> Iterator[Finding]:
    column, given = _of_column(mapped, name), _of_value(program, function, value)
    if column and given and column != given:
        yield finding(function.source, value, CODE, _message(program, mapped, name, column))


def _message(program: Program, mapped: Mapped, name: str, column: str) -> str:
    place = f"{program.plain_name(mapped.cls.key)}.{name}"
    if column == NAIVE:
        return f"{place} is a timestamp without time zone and gets a datetime with one, which asyncpg refuses"
    return f"{place} is a timestamp with time zone and gets a datetime without one, which asyncpg refuses"


def _meetings(program: Program, node: ast.AST) -> Iterator[tuple[Mapped, str, ast.expr]]:
    """Where a value meets a column: given to a constructor, assigned, or compared with."""
    match node:
        case ast.Call(func=maker, keywords=keywords):
            for value in program.values(maker):
                mapped = program.mapped(value.cls) if isinstance(value, ClassObject) else None
                if mapped:
                    yield from ((mapped, k.arg, k.value) for k in keywords if k.arg)
        case ast.Assign(targets=[ast.Attribute(value=owner, attr=name)], value=value):
            for instance in program.values(owner):
                mapped = program.mapped(instance.cls) if isinstance(instance, Instance) else None
                if mapped:
                    yield mapped, name, value
        case ast.Compare(left=left, comparators=[right]):
            for column in program.values(left):
                mapped = program.mapped(column.cls) if isinstance(column, ColumnAttribute) else None
                if mapped and isinstance(column, ColumnAttribute):
                    yield mapped, column.name, right


def _defaults(program: Program, mapped: Mapped) -> Iterator[Finding]:
    """`default=` and `onupdate=` of the columns."""
    for name, statement in mapped.columns.items():
        column = _of_column(mapped, name)
        for keyword in (k for n in ast.walk(statement) if isinstance(n, ast.Call) for k in n.keywords):
            if keyword.arg in {"default", "onupdate"} and column:
                given = _of_callable(program, keyword.value)
                if given and given != column:
                    source: Source = mapped.cls.source
                    yield finding(source, keyword.value, CODE, _message(program, mapped, name, column))


def _of_callable(program: Program, node: ast.expr) -> str:
    """What a function gives that is handed over."""
    match node:
        case ast.Attribute(attr="utcnow"):
            return NAIVE
        case ast.Lambda(body=body):
            return _form(body)
    for value in program.values(node):
        if isinstance(value, FunctionObject):
            return _returned(program.function(value.key))
    return ""


def _of_column(mapped: Mapped, name: str) -> str:
    """Has a column a time zone? "" when it is no timestamp, or that can't be said."""
    statement = mapped.columns.get(name)
    for node in ast.walk(statement) if statement else ():
        match node:
            case ast.Call(func=ast.Name(id=kind) | ast.Attribute(attr=kind), keywords=keywords) if kind in TYPES:
                zone = next((k.value for k in keywords if k.arg == "timezone"), None)
                if zone is None:
                    return NAIVE
                return (AWARE if zone.value else NAIVE) if isinstance(zone, ast.Constant) else ""
    names = {n.id for n in ast.walk(statement) if isinstance(n, ast.Name)} if statement else set()
    return NAIVE if names & TYPES else ""


def _of_value(program: Program, function: Function, node: ast.expr) -> str:
    match node:
        case ast.Name(id=name):
            bound = [
                n.value
                for n in function.own_nodes()
                if isinstance(n, ast.Assign) and any(isinstance(t, ast.Name) and t.id == name for t in n.targets)
            ]
            return _of_value(program, function, bound[0]) if len(bound) == 1 and bound[0] is not node else ""
        case ast.BinOp(left=left, op=ast.Add() | ast.Sub()):
            return _of_value(program, function, left)
        case ast.Call(func=called):
            for value in program.values(called):
                if isinstance(value, FunctionObject):
                    return _returned(program.function(value.key))
    return _form(node)


def _returned(function: Function) -> str:
    returns = [n.value for n in function.own_nodes() if isinstance(n, ast.Return) and n.value]
    return _form(returns[0]) if len(returns) == 1 else ""


def _form(node: ast.expr) -> str:
    """Has a datetime a time zone, by how it is written?"""
    match node:
        case ast.Call(func=ast.Attribute(attr="utcnow" | "utcfromtimestamp")):
            return NAIVE
        case ast.Call(func=ast.Attribute(attr="astimezone")):
            return AWARE
        case ast.Call(func=ast.Attribute(attr="replace"), keywords=[ast.keyword(arg="tzinfo", value=zone)]):
            return NAIVE if isinstance(zone, ast.Constant) else AWARE
        case ast.Call(func=ast.Attribute(value=ast.Name(id=owner) | ast.Attribute(attr=owner), attr="now")):
            if owner == "datetime":
                return AWARE if node.args or node.keywords else NAIVE
        case ast.BinOp(left=left, op=ast.Add() | ast.Sub()):
            return _form(left)
    return ""
