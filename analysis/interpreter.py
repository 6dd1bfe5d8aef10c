"""The abstract interpreter: runs each function body over sets of values until nothing changes any more.

A function is evaluated statement by statement with an environment of name → values, joined where paths meet. What
crosses functions goes through cells of the store: parameters, returns, yields, globals, attributes, and the locals that
nested functions see. A cell that grows sends its readers back to the queue.
"""

from __future__ import annotations

import ast
from collections.abc import Iterable

from .adapters import Adapters
from .annotations import Annotations
from .calls import Calls
from .decorating import Decorating
from .dispatching import dispatched
from .execution import Execution
from .fixtures import Fixtures, collect_inherited
from .members import Env
from .mocks import FIXTURES, Mocks
from .modules import Modules
from .objects import Objects
from .parametrized import Parametrized
from .session_parameters import note_sessions
from .store import Store
from .symbols import Function, Symbols
from .values import (
    ClassObject,
    Instance,
    Many,
    Table,
    Value,
    Values,
)

# A bound on evaluations of one function; cells only grow, so it is a guard against a fault here, not a tuning knob.
ROUNDS = 60


class Interpreter(Execution):
    """Values of all expressions of a program, after `run`."""

    def __init__(self, modules: Modules, symbols: Symbols) -> None:
        self.modules = modules
        self.symbols = symbols
        self.store = Store()
        self.functions = symbols.functions
        self.by_node = symbols.by_node
        self.class_of = {c.node: c for c in symbols.classes}
        self.values: dict[ast.expr, Values] = {}
        self.context_functions: dict[str, str] = {}
        self.objects = Objects(symbols.classes, symbols.sources, self.store)
        self.objects.dispatched = dispatched(symbols.functions.values())
        self.adapters = Adapters(self.objects, self.store)
        collect_inherited(symbols.classes)
        self.fixtures = Fixtures(self.functions.values())
        self.annotations = Annotations(self)
        self.calls = Calls(self)
        self.decorating = Decorating(self)
        self.mocks = Mocks(self)
        self.parametrized = Parametrized(self)
        self._classes_around = 0
        self.current: Function = next(iter(self.functions.values())) if self.functions else None  # type: ignore[assignment]
        self._has_children = {f.parent for f in self.functions.values() if f.parent}

    def run(self) -> None:
        """Evaluate everything to the fixpoint."""
        self.settle(self.functions.values())
        note_sessions(self)
        self.settle(self.store.dirty)

    def settle(self, functions: Iterable[Function]) -> None:
        """Evaluate functions, and all that reads what they change, to the fixpoint."""
        counts: dict[Function, int] = {}
        pending = dict.fromkeys(functions)
        while pending:
            for function in pending:
                counts[function] = counts.get(function, 0) + 1
                if counts[function] <= ROUNDS:
                    self._evaluate(function)
            pending = self.store.dirty
            self.store.dirty = {}

    def _evaluate(self, function: Function) -> None:
        self.current = self.store.reader = function
        env: Env = {}
        for position, parameter in enumerate(function.parameters()):
            values = self.store.read("parameter", function.key, parameter.arg)
            if position == 0 and function.owner and function.binding in {"instance", "class"}:
                values |= self._own_receiver(function)
            values |= self.fixture_values(function, parameter.arg)
            env[parameter.arg] = values
        arguments = function.arguments
        if arguments and arguments.vararg:
            env[arguments.vararg.arg] = frozenset(
                {Many(self.store.read("parameter", function.key, arguments.vararg.arg))}
            )
        if arguments and arguments.kwarg:
            env[arguments.kwarg.arg] = frozenset(
                {Table(self.store.read("parameter", function.key, arguments.kwarg.arg))}
            )
        for name, values in env.items():
            self._publish(name, values)
        self.block(function.body, env)

    def _own_receiver(self, function: Function) -> Values:
        """What the first parameter of a method holds, whoever calls it."""
        assert function.owner is not None
        make = Instance if function.binding == "instance" else ClassObject
        return frozenset({make(function.owner.key)})

    def fixture_values(self, function: Function, name: str) -> Values:
        """What the fixture of a name gives to a function."""
        found: set[Value] = set()
        for fixture in self.fixtures.lookup(function, name):
            found |= self.store.read("yield" if fixture.is_generator else "return", fixture.key)
        if not found and name in FIXTURES and self.fixtures.serves(function):
            found.add(Instance(FIXTURES[name]))
        return frozenset(found)
