"""Calls that create, drop or look at tables: SQLAlchemy does them on a sync connection alone, inside `run_sync`."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

from .values import External, Instance

if TYPE_CHECKING:
    from .program import Program

METHODS = {"create_all", "drop_all", "reflect", "create", "drop"}
CLASSES = {"sqlalchemy.MetaData", "sqlalchemy.Table"}
INSPECTOR = "sqlalchemy.Inspector"


def is_schema_call(program: Program, node: ast.Call) -> bool:
    """Is this such a call, on an engine or connection that becomes async?"""
    return _changes_tables(program, node) or is_looking(program, node)


def is_looking(program: Program, node: ast.Call) -> bool:
    """Does the call only look at the tables that are there?"""
    return _inspects(program, node) or reflecting(program, node) is not None


def _changes_tables(program: Program, node: ast.Call) -> bool:
    """`metadata.create_all(engine)` and its like."""
    if not (isinstance(node.func, ast.Attribute) and node.func.attr in METHODS):
        return False
    if not any(
        isinstance(v, External) and isinstance(v.receiver, Instance) and v.receiver.cls in CLASSES
        for v in program.values(node.func)
    ) and not (isinstance(node.func.value, ast.Attribute) and node.func.value.attr in {"metadata", "__table__"}):
        return False
    given = [*node.args[:1], *(k.value for k in node.keywords if k.arg == "bind")]
    return any(program.becomes_async(program.values(g)) for g in given)


def _inspects(program: Program, node: ast.Call) -> bool:
    """`inspect(engine)`, or a method of what it gives."""
    if any(isinstance(v, Instance) and v.cls == INSPECTOR for v in program.values(node)):
        return True
    return any(
        isinstance(v, External) and isinstance(v.receiver, Instance) and v.receiver.cls == INSPECTOR
        for v in program.values(node.func)
    )


def reflecting(program: Program, node: ast.Call) -> ast.expr | None:
    """The engine or connection that `Table(…, autoload_with=engine)` and its like are given."""
    for keyword in node.keywords:
        if keyword.arg == "autoload_with" and program.becomes_async(program.values(keyword.value)):
            return keyword.value
    return None
