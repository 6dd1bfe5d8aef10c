"""Sessions that a function opens itself, and everything that is done with one."""

from __future__ import annotations

import ast
from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING

from .provenance import bound
from .session_use import is_async_database
from .symbols import Function
from .values import ClassObject, FunctionObject, Instance

if TYPE_CHECKING:
    from .program import Program


def own_sessions(program: Program, function: Function) -> Iterator[tuple[ast.AsyncWith, ast.Name]]:
    """`async with SessionLocal() as session`: the statement and the variable, where a library's factory makes it."""
    for node in function.own_nodes():
        if isinstance(node, ast.AsyncWith):
            for item in node.items:
                match item:
                    case ast.withitem(context_expr=ast.Call(func=maker), optional_vars=ast.Name() as name):
                        if _is_plain(program, maker) and is_async_database(program, program.values(name)):
                            yield node, name


def _is_plain(program: Program, maker: ast.expr) -> bool:
    """Does a factory or class of SQLAlchemy make the session, which commits nothing at its end?"""
    values = program.values(maker)
    if isinstance(maker, ast.Attribute) and maker.attr in {"begin", "begin_nested"}:
        return False
    return bool(values) and all(isinstance(v, Instance | ClassObject) and "::" not in v.cls for v in values)


def uses_of(program: Program, function: Function, body: Iterable[ast.AST], name: str) -> list[ast.Call] | None:
    """The calls of methods on a variable, in functions too that it is given to; None if it gets out of sight."""
    return _Uses(program).of(function, body, name)


class _Uses:
    def __init__(self, program: Program) -> None:
        self._program = program
        self._seen: set[tuple[Function, str]] = set()

    def of(self, function: Function, body: Iterable[ast.AST], name: str) -> list[ast.Call] | None:
        parents = function.source.parents
        found: list[ast.Call] = []
        for node in (n for part in body for n in ast.walk(part)):
            if isinstance(node, ast.Name) and node.id == name and isinstance(node.ctx, ast.Load):
                match parents.get(node):
                    case ast.Attribute() as method if isinstance(call := parents.get(method), ast.Call):
                        found.append(call)
                    case ast.Call() as call if node is not call.func:
                        inner = self._given(call, node)
                        if inner is None:
                            return None
                        found += inner
                    case _:
                        return None
        return found

    def _given(self, call: ast.Call, argument: ast.Name) -> list[ast.Call] | None:
        """What the functions do with it that a call gives it to."""
        values = self._program.values(call.func)
        found: list[ast.Call] = []
        for value in values:
            if not isinstance(value, FunctionObject) or value.wrappers:
                return None
            callee = self._program.function(value.key)
            name = next((n for n, given in bound(callee, call).items() if given is argument), None)
            inner = self._inside(callee, name) if name is not None else None
            if inner is None:
                return None
            found += inner
        return found if values else None

    def _inside(self, callee: Function, name: str) -> list[ast.Call] | None:
        if (callee, name) in self._seen:
            return []
        self._seen.add((callee, name))
        return self.of(callee, callee.body, name)
