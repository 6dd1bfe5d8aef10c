"""What a test's request does to the session that the test shares with the application: it may expire its objects.

A handler that rolls back, or calls `expire_all()`, does so in the session that the test has its own objects from, when
a fixture gives the application that session, or when both ask the same place for it. So does the dependency that rolls
back after an error: what the test asserts of the status tells whether there was one.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from functools import cached_property
from typing import TYPE_CHECKING

from .once import once
from .responses import ROUTES
from .stand_ins import is_test_code
from .symbols import Function, dotted
from .values import FunctionObject, Instance

if TYPE_CHECKING:
    from .colours import Colours
    from .effects import Effects
    from .program import Program

OVERRIDES = "dependency_overrides"
ERROR = 400
ANY = frozenset({"request", "api_route", "route"})


class Requests:
    """The requests of tests, and which of them may expire what the tests hold."""

    def __init__(self, program: Program, colours: Colours, effects: Effects) -> None:
        self._program = program
        self._clients = colours.clients
        # HTTP method -> a handler, or a dependency of handlers, that expires objects: in any case, or with an error.
        self._expiring: dict[str, Function] = {}
        self._failing: dict[str, Function] = {}
        overrides = list(_overrides(program))
        replaced = {f for original, _ in overrides for f in _functions(program, original)}
        self._is_given = gives_its_session(program)
        for function in program.functions:
            if is_test_code(function) or function in replaced:
                continue
            ends = effects.ends(function)
            is_dependency = function.is_generator and "awaits" in {policy for policy, _ in program.handed(function)}
            for method in ANY if is_dependency else _methods(function):
                for ending, found in (("returns", self._expiring), ("raises", self._failing)):
                    if ending in ends and not (is_dependency and ending == "returns"):
                        found.setdefault(method, function)

    def expiring(self, function: Function) -> Iterator[tuple[ast.Call, Function]]:
        """The requests in a test behind which its objects may be expired, and what does it."""
        if not (self._expiring or self._failing) or not is_test_code(function) or not self._shares(function):
            return
        for node in function.own_nodes():
            match node:
                case ast.Call(func=ast.Attribute(attr=method)) if self._clients.at(node):
                    if cause := self._cause(function, node, method):
                        yield node, cause

    def _cause(self, function: Function, node: ast.Call, method: str) -> Function | None:
        if method not in ROUTES | ANY:
            return None
        is_error = (_status(function, node) or 0) >= ERROR
        handlers = {**self._expiring, **(self._failing if is_error else {})}
        return next((f for name, f in handlers.items() if method in ANY or name in {method, *ANY}), None)

    def _shares(self, function: Function) -> bool:
        """Has a test the session that the application uses?"""
        return self._is_given or not self._sources.isdisjoint(self._session_owners(function))

    @cached_property
    def _sources(self) -> frozenset[str]:
        """The classes of the globals that the application has its sessions from."""
        application = [f for f in self._program.functions if not is_test_code(f)]
        return frozenset(cls for f in application for cls in self._session_owners(f))

    def _session_owners(self, function: Function) -> Iterator[str]:
        """The classes of what a session is an attribute of, but for the parameters of the application's functions."""
        own = set() if is_test_code(function) else {p.arg for p in function.parameters()}
        for node in function.own_nodes():
            match node:
                case ast.Attribute(value=ast.Name(id=name) as owner) if name not in own:
                    if self._program.is_session(self._program.values(node)):
                        yield from (v.cls for v in self._program.values(owner) if isinstance(v, Instance))


@once
def gives_its_session(program: Program) -> bool:
    """Do tests put a session of their own in the place of the application's?"""
    return any(_gives_what_it_has(program, f) for _, new in _overrides(program) for f in _functions(program, new))


def _methods(function: Function) -> Iterator[str]:
    """The HTTP methods that a function handles."""
    for decorator in function.decorators:
        match decorator:
            case ast.Call(func=ast.Attribute(attr=name)) if name in ROUTES | ANY:
                yield name


def _overrides(program: Program) -> Iterator[tuple[ast.expr, ast.expr]]:
    """`app.dependency_overrides[original] = new`"""
    for function in program.functions:
        for node in function.own_nodes():
            match node:
                case ast.Assign(targets=[ast.Subscript(value=owner, slice=original)], value=new):
                    if dotted(owner).rpartition(".")[2] == OVERRIDES:
                        yield original, new


def _functions(program: Program, node: ast.expr) -> Iterator[Function]:
    return (program.function(v.key) for v in program.values(node) if isinstance(v, FunctionObject))


def _gives_what_it_has(program: Program, function: Function) -> bool:
    """Does a function yield or return a session that it has not made?"""
    nodes = function.own_nodes()
    bound = {n.id for n in nodes if isinstance(n, ast.Name) and isinstance(n.ctx, ast.Store)}
    given = [n.value for n in nodes if isinstance(n, ast.Yield | ast.Return)]
    if isinstance(function.node, ast.Lambda):
        given.append(function.node.body)
    return any(isinstance(g, ast.Name) and g.id not in bound and program.is_session(program.values(g)) for g in given)


def _status(function: Function, node: ast.Call) -> int | None:
    """The status that is asserted of a response first."""
    parent = function.source.parents.get(node)
    parent = function.source.parents.get(parent) if isinstance(parent, ast.Await) else parent
    match parent:
        case ast.Attribute(attr="status_code"):
            compared = function.source.parents.get(parent)
            return _expected(compared) if isinstance(compared, ast.Compare) and compared.left is parent else None
        case ast.Assign(targets=[ast.Name(id=name)]):
            asserts = [n for n in function.own_nodes() if isinstance(n, ast.Assert) and n.lineno > node.lineno]
            found = {n.lineno: status for n in asserts if (status := _asserted(n.test, name))}
            return found[min(found)] if found else None
    return None


def _asserted(test: ast.expr, name: str) -> int | None:
    match test:
        case ast.Compare(left=ast.Attribute(value=ast.Name(id=of), attr="status_code")) if of == name:
            return _expected(test)
    return None


def _expected(compared: ast.Compare) -> int | None:
    """What a status is compared with: `404`, or `status.HTTP_404_NOT_FOUND`."""
    expected = compared.comparators[0]
    if not isinstance(compared.ops[0], ast.Eq):
        return None
    if isinstance(expected, ast.Constant):
        return expected.value if isinstance(expected.value, int) else None
    digits = re.search(r"HTTP_(\d{3})", dotted(expected))
    return int(digits[1]) if digits else None
