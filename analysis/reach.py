"""What a function can run: itself, what it calls, and what it hands to others that may call it.

It errs on the side of too much. Where a receiver is not known, every method of that name is taken for reached; a client
of an application reaches everything.
"""

from __future__ import annotations

import ast
from collections import defaultdict
from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING

from .fixtures import fixture_name, is_conftest, is_test
from .stand_ins import is_test_code
from .symbols import Class, Function, is_super
from .values import ClassObject, FunctionObject, Instance, Value

if TYPE_CHECKING:
    from .program import Program

CLIENTS = (
    "fastapi.testclient.TestClient", "httpx.Client", "httpx.AsyncClient", "click.testing.CliRunner",
    "aiohttp.test_utils.TestClient",
)  # fmt: skip


class Reach:
    """The functions that each function of a program can run."""

    def __init__(self, program: Program) -> None:
        self._program = program
        self._steps: dict[Function, frozenset[Function] | None] = {}
        self._known: dict[Function, frozenset[Function] | None] = {}
        self._by_name: defaultdict[str, list[Function]] = defaultdict(list)
        for cls in program.interpreter.objects.classes.values():
            for name, method in cls.methods.items():
                self._by_name[name].append(method)

    def of(self, starts: Iterable[Function]) -> frozenset[Function] | None:
        """What the functions can run; None: everything."""
        found: set[Function] = set()
        for start in starts:
            reached = self._from(start)
            if reached is None:
                return None
            found |= reached
        return frozenset(found)

    def _from(self, start: Function) -> frozenset[Function] | None:
        if start not in self._known:
            self._known[start] = self._walk(start)
        return self._known[start]

    def _walk(self, start: Function) -> frozenset[Function] | None:
        found = {start}
        pending = [start]
        while pending:
            step = self._step(pending.pop())
            if step is None:
                return None
            pending.extend(step - found)
            found |= step
        return frozenset(found)

    def _step(self, function: Function) -> frozenset[Function] | None:
        if function not in self._steps:
            self._steps[function] = self._direct(function)
        return self._steps[function]

    def _direct(self, function: Function) -> frozenset[Function] | None:
        program = self._program
        found = {f for p in function.parameters() for f in program.interpreter.fixtures.lookup(function, p.arg)}
        for node in function.own_nodes():
            if not isinstance(node, ast.expr):
                continue
            values = program.values(node)
            if any(isinstance(v, Instance) and self._is_client(v.cls) for v in values):
                return None
            for value in values:
                found.update(self._behind(value))
            if isinstance(node, ast.Attribute) and not values and not program.values(node.value):
                # What no class of the project answers behind `super()` a library's does.
                found.update(() if is_super(node.value) else self._by_name.get(node.attr, ()))
            elif isinstance(node, ast.Attribute):
                found.update(self._properties(node))
        return frozenset(found)

    def _is_client(self, cls: str) -> bool:
        return any(self._program.interpreter.objects.is_a(cls, client) for client in CLIENTS)

    def _behind(self, value: Value) -> Iterator[Function]:
        program = self._program
        match value:
            case FunctionObject(key=key, receiver=receiver, wrappers=wrappers):
                function = program.function(key)
                yield function
                yield from map(program.function, wrappers)
                if isinstance(receiver, Instance):
                    yield from program.alternatives(receiver.cls, function.name)
            case Instance(cls=cls) | ClassObject(cls=cls):
                for known in self._project_classes(cls):
                    yield from (m for name, m in known.methods.items() if name.startswith("__"))

    def _project_classes(self, key: str) -> list[Class]:
        objects = self._program.interpreter.objects
        return [objects.classes[k] for k in objects.ancestry(key) if k in objects.classes]

    def _properties(self, node: ast.Attribute) -> Iterator[Function]:
        for value in self._program.values(node.value):
            if isinstance(value, Instance):
                yield from (m for m in self._program.methods(value.cls, node.attr) if m.is_property)


class Users:
    """The tests and fixtures during which what a function of the suite makes is in use."""

    def __init__(self, program: Program) -> None:
        self._program = program
        self._asking: defaultdict[Function, list[Function]] = defaultdict(list)
        fixtures = program.interpreter.fixtures
        for function in program.functions:
            for parameter in function.parameters():
                for fixture in fixtures.lookup(function, parameter.arg):
                    self._asking[fixture].append(function)
        self._named = {text for function in program.functions for text in _fixtures_named(function)}
        self._mentions: dict[str, list[Function]] | None = None

    def of(self, function: Function) -> list[Function] | None:
        """Those functions; None: it is not known which.

        A test is its own user; a fixture is used by those that ask for it by name, a method of a test class by all
        tests of the class, and a helper by those that mention it.
        """
        while function.parent is not None and not function.parent.is_module:
            function = function.parent
        if is_test(function):
            return [function]
        if function in self._program.interpreter.fixtures.functions:
            return self._of_fixture(function)
        if function.owner is not None:
            objects = self._program.interpreter.objects
            keys = {*objects.ancestry(function.owner.key), *objects.descendants(function.owner.key)}
            methods = [
                m for key in sorted(keys) if key in objects.classes for m in objects.classes[key].methods.values()
            ]
            return methods if any(map(is_test, methods)) else None
        return self._of_helper(function, frozenset())

    def _of_helper(self, helper: Function, seen: frozenset[Function]) -> list[Function] | None:
        if self._mentions is None:
            self._mentions = _mentions(self._program)
        found: list[Function] = []
        for function in self._mentions.get(helper.key, ()):
            if function in seen or function.is_module or function.owner is not None:
                return None
            is_known = is_test(function) or function in self._program.interpreter.fixtures.functions
            users = self.of(function) if is_known else self._of_helper(function, seen | {helper})
            if users is None:
                return None
            found.extend(users)
        return found or None

    def _of_fixture(self, fixture: Function) -> list[Function] | None:
        found: list[Function] = []
        pending = [fixture]
        while pending:
            current = pending.pop()
            if current in found:
                continue
            if current in self._program.interpreter.fixtures.functions:
                if fixture_name(current) in self._named or (_is_autouse(current) and is_conftest(current)):
                    return None
                pending.extend(self._asking[current])
                if _is_autouse(current):
                    pending.extend(f for f in self._program.functions if f.source is current.source and is_test(f))
            found.append(current)
        return found


def _mentions(program: Program) -> dict[str, list[Function]]:
    """The functions of which each function of the suite is a value, by key."""
    found: defaultdict[str, list[Function]] = defaultdict(list)
    for function in filter(is_test_code, program.functions):
        nodes = [n for n in function.own_nodes() if isinstance(n, ast.Name | ast.Attribute)]
        for key in {v.key for n in nodes for v in program.values(n) if isinstance(v, FunctionObject)}:
            found[key].append(function)
    return found


def _fixtures_named(function: Function) -> Iterator[str]:
    """Fixtures that are asked for by a string."""
    for node in function.own_nodes():
        match node:
            case ast.Call(func=ast.Attribute(attr="usefixtures" | "getfixturevalue"), args=args):
                yield from (a.value for a in args if isinstance(a, ast.Constant) and isinstance(a.value, str))


def _is_autouse(fixture: Function) -> bool:
    return any(isinstance(d, ast.Call) and any(k.arg == "autouse" for k in d.keywords) for d in fixture.decorators)
