"""FastAPI applications: which functions run when one is asked, and whether the migration changes any of them."""

from __future__ import annotations

import ast
from collections import defaultdict
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING

from .symbols import Function
from .values import ClassObject, External, FunctionObject, Instance, Values

if TYPE_CHECKING:
    from .program import Program

ROUTER = "fastapi.APIRouter"
INCLUDING = {"include_router", "mount"}
UNKNOWN = ""


class Applications:
    """Applications and routers by the place where they are made, with what is registered on them.

    `is_changed` says of a function whether the database makes it async, or puts an `await` into it.
    """

    def __init__(self, program: Program, is_changed: Callable[[Function], bool]) -> None:
        self._program = program
        self._is_changed = is_changed
        self._functions: defaultdict[str, set[Function]] = defaultdict(set)
        self._included: defaultdict[str, set[str]] = defaultdict(set)
        for function in program.functions:
            for node in function.own_nodes():
                if isinstance(node, ast.Call):
                    self._note(function, node)

    def is_apart(self, app: Values) -> bool:
        """Is it certain that an application runs nothing that becomes async?"""
        origins = set(self._origins(app))
        pending = list(origins)
        while pending:
            for other in self._included[pending.pop()] - origins:
                origins.add(other)
                pending.append(other)
        if not origins or UNKNOWN in origins:
            return False
        return not any(self._touches(f, set()) for origin in sorted(origins) for f in self._functions[origin])

    def _origins(self, values: Values) -> Iterator[str]:
        if not values:
            yield UNKNOWN
        for value in values:
            is_router = isinstance(value, Instance) and self._program.interpreter.objects.is_a(value.cls, ROUTER)
            yield value.origin if isinstance(value, Instance) and is_router else UNKNOWN

    def _note(self, function: Function, node: ast.Call) -> None:
        registering = False
        for value in self._program.values(node.func):
            match value:
                case External(name=name, receiver=Instance() as receiver):
                    origins = set(self._origins(frozenset({receiver}))) - {UNKNOWN}
                    method = name.rpartition(".")[2]
                case ClassObject():
                    origins = set(self._origins(self._program.values(node))) - {UNKNOWN}
                    method = "__init__"
                case _:
                    continue
            for origin in origins:
                registering = True
                self._functions[origin].update(self._given(node))
                if method in INCLUDING:
                    parts = [*node.args, *(k.value for k in node.keywords if k.arg in {"router", "app"})]
                    routers = parts[1:2] if method == "mount" else parts[:1]
                    for router in routers:
                        self._included[origin].update(self._origins(self._program.values(router)))
        parent = function.source.parents.get(node)
        if registering and isinstance(parent, ast.FunctionDef | ast.AsyncFunctionDef):
            handler = self._program.interpreter.by_node[parent]
            for value in self._program.values(node.func):
                if isinstance(value, External) and isinstance(value.receiver, Instance):
                    self._functions[value.receiver.origin].add(handler)

    def _given(self, node: ast.Call) -> Iterator[Function]:
        """The functions anywhere in a call's arguments, and the methods of the classes there."""
        for part in [*node.args, *(k.value for k in node.keywords)]:
            yield from self._mentioned(part)

    def _mentioned(self, node: ast.AST) -> Iterator[Function]:
        for child in ast.walk(node):
            if not isinstance(child, ast.expr):
                continue
            for value in self._program.values(child):
                match value:
                    case FunctionObject(key=key):
                        yield self._program.function(key)
                    case ClassObject(cls=cls) if cls in self._program.interpreter.objects.classes:
                        yield from self._program.interpreter.objects.classes[cls].methods.values()

    def _touches(self, function: Function, seen: set[Function]) -> bool:
        if function in seen:
            return False
        seen.add(function)
        if self._is_changed(function) or any(
            self._is_database(self._program.parameter(function, p.arg)) for p in function.parameters()
        ):
            return True
        dependencies = self._mentioned(function.arguments) if function.arguments else iter(())
        return any(self._touches(f, seen) for f in dependencies)

    def _is_database(self, values: Values) -> bool:
        """Can a parameter hold a session, or an object with methods that the database makes async?"""
        classes = self._program.interpreter.objects.classes
        for value in values:
            if isinstance(value, Instance):
                if self._program.converted_class(value.cls):
                    return True
                if value.cls in classes and any(map(self._is_changed, classes[value.cls].methods.values())):
                    return True
        return False
