"""Which session a function has, and whether an object is surely one of its own: only such a one can be refreshed."""

from __future__ import annotations

import ast
import re
from typing import TYPE_CHECKING

from .bindings import assigned, iterable
from .order import dominates, may_follow
from .symbols import Function
from .values import Instance

if TYPE_CHECKING:
    from .program import Program

LOADING = frozenset({"execute", "exec", "get", "get_one", "merge", "query", "scalar", "scalars"})


def session_of(program: Program, function: Function, end: ast.stmt) -> ast.expr | None:
    """The session that a statement uses, or else one that the function uses or is given."""
    receivers = [n.value for n in function.own_nodes() if isinstance(n, ast.Attribute)]
    for node in (*ast.walk(end), *receivers):
        if isinstance(node, ast.Name | ast.Attribute) and program.is_session(program.values(node)):
            return node
    for parameter in function.parameters():
        if program.is_session(program.parameter(function, parameter.arg)):
            return _name(parameter)
    return None


def _name(parameter: ast.arg) -> ast.Name:
    """A parameter's name without its annotation, as an expression."""
    line, column = parameter.lineno, parameter.col_offset
    end = column + len(parameter.arg.encode())
    return ast.Name(parameter.arg, ast.Load(), lineno=line, col_offset=column, end_lineno=line, end_col_offset=end)


def is_of_session(program: Program, function: Function, owner: str, session: ast.expr, place: ast.stmt) -> bool:
    """Has the session surely the object of a variable: was it loaded by it or added to it, and not deleted since?"""
    if may_be_deleted(function, ast.Name(owner, ast.Load()), place):
        return False
    return _is_added(function, owner, session, place) or _is_loaded(program, function, owner, session)


def may_be_deleted(function: Function, owner: ast.expr, place: ast.expr | ast.stmt) -> bool:
    """Is the object among what something deletes before a place, or takes out of the session?"""
    text = ast.dump(owner)
    for node in function.own_nodes():
        match node:
            case ast.Call(func=ast.Attribute(attr=name) | ast.Name(id=name)) if re.search(
                "delete|expunge|remove", name
            ):
                given = [*node.args, *(k.value for k in node.keywords)]
                is_named = any(ast.dump(n) == text for g in given for n in ast.walk(g)) or name == "expunge_all"
                if is_named and may_follow(function.source, node, place):
                    return True
    return False


def is_bound(function: Function, owner: str, place: ast.stmt) -> bool:
    """Is something surely bound to a variable at a place?"""
    if any(p.arg == owner for p in function.parameters()):
        return True
    source = function.source
    for node in _stores(function, owner):
        run_through = iterable(source, node)
        loop = source.parents.get(run_through) if run_through is not None else None
        is_inside = loop is None or any(n is place for n in ast.walk(loop))
        if is_inside and dominates(source, run_through or node, place):
            return True
    return False


def _is_added(function: Function, owner: str, session: ast.expr, place: ast.stmt) -> bool:
    for node in function.own_nodes():
        match node:
            case ast.Call(func=ast.Attribute(value=adding, attr="add" | "add_all"), args=[given]):
                names = [n.id for n in ast.walk(given) if isinstance(n, ast.Name)]
                if ast.dump(adding) == ast.dump(session) and owner in names and dominates(function.source, node, place):
                    return True
    return False


def _is_loaded(
    program: Program, function: Function, owner: str, session: ast.expr, above: frozenset[str] = frozenset()
) -> bool:
    """Does whatever is bound to a variable come from the session?"""
    if any(p.arg == owner for p in function.parameters()):
        return False
    values, stores = [*assigned(function, owner)], _stores(function, owner)
    values += [run_through for n in stores if (run_through := iterable(function.source, n)) is not None]
    if not stores or len(values) != len(stores):
        return False
    return all(_comes_from(program, function, value, session, above | {owner}) for value in values)


def _comes_from(
    program: Program, function: Function, value: ast.expr, session: ast.expr, above: frozenset[str]
) -> bool:
    """Is a value what the session gives, or a part of it: `session.scalars(…).one()`, `rows[0]`?"""
    node, is_called = value, False
    while True:
        match node:
            case ast.Call(func=ast.Attribute(value=receiver, attr=name)) if ast.dump(receiver) == ast.dump(session):
                return name in LOADING
            case ast.Call(func=ast.Attribute(value=inner)):
                node, is_called = inner, True
            case ast.Await(value=inner) | ast.Subscript(value=inner) | ast.Attribute(value=inner):
                node = inner
            case ast.Name(id=name):
                is_made = is_called and any(
                    isinstance(v, Instance) and program.mapped(v.cls) for v in program.values(node)
                )
                return name in above or (not is_made and _is_loaded(program, function, name, session, above))
            case _:
                return False


def _stores(function: Function, name: str) -> list[ast.Name]:
    nodes = (n for n in function.own_nodes() if isinstance(n, ast.Name) and n.id == name)
    return [n for n in nodes if isinstance(n.ctx, ast.Store)]
