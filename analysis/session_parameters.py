"""Parameters and attributes that are sessions by what is done with them, where nothing else says what they are."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from typing import TYPE_CHECKING

from .symbols import Function
from .values import ClassObject, ColumnAttribute, Instance

if TYPE_CHECKING:
    from .interpreter import Interpreter

SESSION = frozenset({Instance("sqlalchemy.orm.Session")})


def note_sessions(interpreter: Interpreter) -> None:
    """Let what is asked `query(User)` or `get(User, key)`, and of which nothing is known, hold a session."""
    for cell in list(_asked(interpreter)):
        interpreter.store.write(SESSION, *cell)


def _asked(interpreter: Interpreter) -> Iterator[tuple[str, ...]]:
    """The cells of the store that those are read from."""
    for function in interpreter.functions.values():
        for node in function.own_nodes():
            match node:
                case ast.Call(func=ast.Attribute(value=receiver, attr="get" | "query"), args=[_, *_]):
                    if not interpreter.values.get(receiver) and _names_mapped(interpreter, node):
                        yield from _cells(function, receiver)


def _cells(function: Function, receiver: ast.expr) -> Iterator[tuple[str, ...]]:
    parameters = {p.arg: p.annotation for p in function.parameters()}
    match receiver:
        case ast.Name(id=name) if name in parameters and parameters[name] is None:
            yield "parameter", function.key, name
        case ast.Attribute(value=ast.Name(id=owner), attr=name):
            if function.owner is not None and function.binding == "instance" and owner == next(iter(parameters), None):
                yield "instance", function.owner.key, name


def _names_mapped(interpreter: Interpreter, call: ast.Call) -> bool:
    """Is the method given a mapped class or a column of one, be it that of `query()` in an expression?"""
    given = call.args[:1]
    if isinstance(call.func, ast.Attribute) and call.func.attr == "query":
        given = [n for argument in call.args for n in ast.walk(argument) if isinstance(n, ast.expr)]
    return any(_is_mapped(interpreter, v) for node in given for v in interpreter.values.get(node, ()))


def _is_mapped(interpreter: Interpreter, value: object) -> bool:
    return isinstance(value, ClassObject | ColumnAttribute) and interpreter.objects.mapped[value.cls] is not None
