"""Handlers around `connect()` catch OSError too: asyncpg raises it, and SQLAlchemy does not wrap it.

try:                                   try:
    with engine.connect() as c:            async with engine.connect() as c:
        c.execute(text("SELECT 1"))            await c.execute(text("SELECT 1"))
except SQLAlchemyError:           ->   except (SQLAlchemyError, OSError):
    return False                           return False
"""

from __future__ import annotations

import ast
from collections.abc import Iterator

from ..analysis.decisions import Confidence, Decision
from ..analysis.program import Program
from ..analysis.symbols import Function
from ..analysis.values import External, Instance
from .drivers import drivername
from .edit import Edit, Replace, Wrap

NAME = "connection-errors"
# What wraps a DBAPI's errors; only a handler of one of these meant a failed connection.
WRAPPING = {"SQLAlchemyError", "DBAPIError", "OperationalError", "InterfaceError", "DatabaseError"}


def decide(program: Program) -> Iterator[Decision]:
    """One decision for each handler around the opening of a connection."""
    if not drivername(program, "postgresql").endswith("+asyncpg"):
        return
    for function in program.functions:
        if not program.is_async_after(function) or program.stays_sync(function):
            continue
        for node in function.own_nodes():
            if isinstance(node, ast.Try) and any(_connects(program, n) for s in node.body for n in ast.walk(s)):
                yield from (_decision(function, h) for h in node.handlers if h.type and _wraps(program, h.type))


def _decision(function: Function, handler: ast.ExceptHandler) -> Decision:
    assert handler.type is not None
    return Decision(
        NAME,
        function.source.site(handler.type),
        "catch OSError too",
        confidence=Confidence.MEDIUM,
        function=function.qualname,
        node=handler.type,
    )


def _connects(program: Program, node: ast.AST) -> bool:
    """Is this `engine.connect()` or `engine.begin()`?"""
    return isinstance(node, ast.Call) and any(
        isinstance(v, External)
        and v.name in {"sqlalchemy.Engine.connect", "sqlalchemy.Engine.begin"}
        and isinstance(v.receiver, Instance)
        for v in program.values(node.func)
    )


def _wraps(program: Program, node: ast.expr) -> bool:
    types = node.elts if isinstance(node, ast.Tuple) else [node]
    names = {t.attr if isinstance(t, ast.Attribute) else t.id for t in types if isinstance(t, ast.Attribute | ast.Name)}
    return bool(names & WRAPPING) and not names & {"OSError", "Exception", "BaseException", "ConnectionError"}


def rewrite(decision: Decision, program: Program) -> Iterator[Edit]:
    """Add OSError to what is caught."""
    node = decision.node
    assert isinstance(node, ast.expr)
    start, end = program.sources[decision.site.path].span(node)
    if isinstance(node, ast.Tuple):
        last = program.sources[decision.site.path].span(node.elts[-1])[1]
        yield Replace(last, last, ", OSError")
    else:
        yield Wrap(start, end, "(", ", OSError)")
