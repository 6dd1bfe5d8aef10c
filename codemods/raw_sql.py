"""Statements that are plain strings, which SQLAlchemy 1.4 took from a sync session, become `text()`.

db.execute("select 1")             ->    await db.execute(text("select 1"))
connection.execute("select 1")     ->    await connection.exec_driver_sql("select 1")
"""

from __future__ import annotations

import ast
from collections.abc import Iterator

from ..analysis.decisions import Decision
from ..analysis.program import Program
from ..analysis.source import Source
from ..analysis.symbols import Function
from ..analysis.values import Instance
from .carried import Work, carried, decided, left
from .edit import Edit, Replace, Wrap
from .imports import request
from .references import bound_values, variable_home
from .versions import is_before_2

NAME = "raw-sql"
EXECUTING = frozenset({"execute", "scalar", "scalars"})
CONNECTION = "sqlalchemy.Connection"
PARAMETERS = "the driver's own placeholders are others now: write text() with named parameters"
ENGINE = "sqlalchemy.Engine"


def decide(program: Program) -> Iterator[Decision]:
    """One decision for each call that is given a string."""
    for function in program.functions if is_before_2(program) else ():
        for node in function.own_nodes():
            match node:
                case ast.Call(func=ast.Attribute(attr=name), args=[statement, *_]) if name in EXECUTING:
                    if program.colours.can_await(function, node):
                        for work in _work(program, function, node, statement):
                            yield decided(program, NAME, work)


def rewrite(decision: Decision, program: Program) -> Iterator[Edit]:
    """The edits that were worked out when the decision was made."""
    yield from carried(decision)


def _work(program: Program, function: Function, node: ast.Call, statement: ast.expr) -> Iterator[Work]:
    assert isinstance(node.func, ast.Attribute)
    source, receiver = function.source, program.values(node.func.value)
    is_a = program.interpreter.objects.is_a
    classes = [v.cls for v in receiver if isinstance(v, Instance)]
    if not _is_string(program, source, statement):
        return
    if program.is_session(receiver):
        yield Work(source, node, "make the string a text()", list(_as_text(source, statement)))
    elif any(is_a(cls, CONNECTION) or is_a(cls, ENGINE) for cls in classes) and node.func.attr == "execute":
        if len(node.args) > 1 or node.keywords:
            yield left(source, node, PARAMETERS)
        else:
            end = source.span(node.func)[1]
            edits: list[Edit] = [Replace(end - len("execute"), end, "exec_driver_sql")]
            yield Work(source, node, "send the string to the driver", edits)


def _is_string(program: Program, source: Source, node: ast.expr) -> bool:
    match node:
        case ast.Constant(value=value):
            return isinstance(value, str)
        case ast.JoinedStr():
            return True
        case ast.BinOp(left=left, op=ast.Add() | ast.Mod()):
            return _is_string(program, source, left)
        case ast.Call(func=ast.Attribute(value=template, attr="format")):
            return _is_string(program, source, template)
        case ast.Name(id=name):
            home = variable_home(program, source, node)
            if home is None:
                return False
            # What extends the string is one too.
            values = [v for v in bound_values(program, *home[1:]) or [] if not _names(v, name)]
            return bool(values) and all(_is_string(program, home[0], v) for v in values)
    return False


def _as_text(source: Source, node: ast.expr) -> Iterator[Edit]:
    name, wanted = request(source, "sqlalchemy", "text", at=node)
    if wanted:
        yield wanted
    yield Wrap(*source.span(node), f"{name}(", ")")


def _names(node: ast.expr, name: str) -> bool:
    return any(isinstance(n, ast.Name) and n.id == name for n in ast.walk(node))
