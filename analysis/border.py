"""The border between code that moves and code that stays sync: where a session crosses it."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

from .symbols import Function
from .values import ClassObject, FunctionObject, Instance

if TYPE_CHECKING:
    from .program import Program


def kept_callees(program: Program, node: ast.Call) -> list[Function]:
    """The functions that a call reaches, when all of them stay sync because their files do."""
    found: list[Function] = []
    for value in program.values(node.func):
        match value:
            case FunctionObject(key=key):
                found.append(program.function(key))
            case ClassObject(cls=cls):
                found.extend(program.methods(cls, "__init__"))
    return found if all(map(program.stays_sync, found)) else []


def lent(program: Program, node: ast.Call) -> list[ast.expr]:
    """The arguments of a call that are sessions or connections which become async."""
    given = [*node.args, *(k.value for k in node.keywords)]
    return [g for g in given if any(_is_lent(program, v) for v in program.values(g)) and not _is_from_there(program, g)]


def _is_from_there(program: Program, node: ast.expr) -> bool:
    """Is this a variable that code which stays sync has given its value?"""
    function = program.function_around(node)
    if not isinstance(node, ast.Name) or function is None:
        return False
    made = [value for n in function.own_nodes() for value in _bound_by(n, node.id)]
    return bool(made) and all(isinstance(m, ast.Call) and kept_callees(program, m) for m in made)


def _bound_by(node: ast.AST, name: str) -> list[ast.expr | None]:
    """What a statement gives to a variable; None for a value that is not told."""
    match node:
        case ast.With(items=items):
            named = [(i.optional_vars, i.context_expr) for i in items]
            return [made for target, made in named if isinstance(target, ast.Name) and target.id == name]
        case ast.Assign(targets=[ast.Name(id=target)], value=value):
            return [value] if target == name else []
        case ast.AnnAssign(target=ast.Name(id=target), value=ast.expr() as value):
            return [value] if target == name else []
    return []


def _is_lent(program: Program, value: object) -> bool:
    if not isinstance(value, Instance):
        return False
    objects = program.interpreter.objects
    return any(objects.is_a(value.cls, base) for base in ("sqlalchemy.orm.Session", "sqlalchemy.Connection"))
