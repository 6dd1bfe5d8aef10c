"""FastAPI applications: which functions run when one is asked, and whether the migration changes any of them."""

from __future__ import annotations

import ast
from collections import defaultdict
from collections.abc import Callable, Collection, Iterator, Mapping
from typing import TYPE_CHECKING

from .schema import is_schema_call
from .symbols import Function
from .values import ClassObject, External, FunctionObject, Instance, Value, Values

if TYPE_CHECKING:
    from .program import Program

ROUTER = "fastapi.APIRouter"
LIFESPAN_ARGUMENTS = {"lifespan", "on_startup", "on_shutdown", None}
LIFESPAN_METHODS = {"on_event", "add_event_handler"}
UNKNOWN = ""


class Applications:
    """Applications and routers by the place where they are made, with what is registered on them.

    `is_changed` says of a function whether the database makes it async, or puts an `await` into it; `factories` have
    the start of what they make do something.
    """

    def __init__(
        self, program: Program, is_changed: Callable[[Function], bool], factories: Collection[Function]
    ) -> None:
        self._program = program
        self._factories = factories
        self._is_changed = is_changed
        self._functions: defaultdict[str, set[Function]] = defaultdict(set)
        self._routers: defaultdict[str, set[str]] = defaultdict(set)
        self._mounted: defaultdict[str, set[str]] = defaultdict(set)
        self._with_lifespan = {UNKNOWN}
        self._open = {UNKNOWN}
        for function in program.functions:
            for node in function.own_nodes():
                if isinstance(node, ast.Call):
                    self._note(function, node)

    def has_lifespan(self, app: Values) -> bool:
        """May an application do anything when it starts or ends?"""
        return not self._reach(app, self._routers).isdisjoint(self._with_lifespan | self._open)

    def is_apart(self, app: Values) -> bool:
        """Is it certain that an application runs nothing that becomes async?"""
        origins = self._reach(app, self._routers, self._mounted)
        if not origins.isdisjoint(self._open):
            return False
        return not any(self._touches(f, set()) for origin in sorted(origins) for f in self._functions[origin])

    def _reach(self, app: Values, *parts: Mapping[str, set[str]]) -> set[str]:
        """An application and all that is part of it, each by the place where it is made."""
        origins = set(self._origins(app))
        pending = list(origins)
        while pending:
            current = pending.pop()
            for other in set().union(*(p.get(current, set()) for p in parts)) - origins:
                origins.add(other)
                pending.append(other)
        return origins

    def _origins(self, values: Values) -> Iterator[str]:
        if not values:
            yield UNKNOWN
        for value in values:
            is_router = isinstance(value, Instance) and self._program.interpreter.objects.is_a(value.cls, ROUTER)
            yield value.origin if isinstance(value, Instance) and is_router else UNKNOWN

    def _moves_into_lifespan(self, function: Function) -> bool:
        """Does what makes an application do something with the database meanwhile?"""
        if function.is_module:
            return self._is_changed(function) or self._makes_tables(function)
        return function in self._factories

    def _makes_tables(self, function: Function) -> bool:
        return any(is_schema_call(self._program, n) for n in function.own_nodes() if isinstance(n, ast.Call))

    # What is registered

    def _note(self, function: Function, node: ast.Call) -> None:
        callees = self._program.values(node.func)
        for value in callees:
            match value:
                case External(name=name, receiver=Instance() as receiver):
                    for origin in set(self._origins(frozenset({receiver}))) - {UNKNOWN}:
                        self._register(function, node, origin, name.rpartition(".")[2])
                case ClassObject():
                    for origin in set(self._origins(self._program.values(node))) - {UNKNOWN}:
                        self._register(function, node, origin, "__init__")
                        if self._moves_into_lifespan(function):
                            self._with_lifespan.add(origin)
        if not any(isinstance(v, FunctionObject | ClassObject) or _is_method(v) for v in callees):
            for argument in _arguments(node):
                # Whoever is given the application may register on it what it likes.
                self._open.update(self._origins(self._program.values(argument)))

    def _register(self, function: Function, node: ast.Call, origin: str, method: str) -> None:
        """Note a call of an application's constructor or method."""
        for argument in _arguments(node):
            self._functions[origin].update(self._mentioned(argument))
        parent = function.source.parents.get(node)
        if isinstance(parent, ast.FunctionDef | ast.AsyncFunctionDef):
            self._functions[origin].add(self._program.interpreter.by_node[parent])
        if method in LIFESPAN_METHODS or (method == "__init__" and {k.arg for k in node.keywords} & LIFESPAN_ARGUMENTS):
            self._with_lifespan.add(origin)
        if method == "include_router":
            for router in _arguments(node)[:1]:
                self._routers[origin].update(self._origins(self._program.values(router)))
        elif method == "mount":
            for app in _arguments(node)[1:2]:
                self._mounted[origin].update(self._origins(self._program.values(app)))

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


def _arguments(node: ast.Call) -> list[ast.expr]:
    return [*node.args, *(k.value for k in node.keywords)]


def _is_method(value: Value) -> bool:
    return isinstance(value, External) and value.receiver is not None
