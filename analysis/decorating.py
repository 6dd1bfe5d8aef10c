"""What a decorator makes of a function, and who calls that.

Decorators of the project may be written with options or without, `@deco` and `@deco(x=1)`: what such a one returns
depends on how it was called, a wrapper, or what makes one. The analysis knows of both.
"""

from __future__ import annotations

import ast
from collections import defaultdict
from typing import TYPE_CHECKING

from .library import library, split
from .values import ClassObject, External, FunctionObject, Instance, Value, Values

if TYPE_CHECKING:
    from .interpreter import Interpreter
    from .members import Env

CONTEXT_MAKERS = {"contextlib.contextmanager", "contextlib.asynccontextmanager"}


class Decorating:
    """Evaluates decorators for the interpreter, and remembers which function of the project wraps which."""

    def __init__(self, interpreter: Interpreter) -> None:
        self._interpreter = interpreter
        # Decorator functions of the project -> keys of the functions they wrap
        self.wrapped: defaultdict[str, set[str]] = defaultdict(set)

    def decorate(self, values: Values, decorator: ast.expr, env: Env) -> Values:
        """What a decorator makes of a function."""
        interpreter = self._interpreter
        found: set[Value] = set()
        decorators = interpreter.eval(decorator, env)
        for maker in _outermost(interpreter, decorators):
            match maker:
                case External(name=name, receiver=None) if name in CONTEXT_MAKERS:
                    for value in values:
                        if isinstance(value, FunctionObject):
                            interpreter.context_functions[value.key] = name
                case FunctionObject():
                    found |= self._wrapped(values, maker)
        interpreter.calls.hand(self._policy(decorator, env), decorator, values)
        self._keep(decorator.func if isinstance(decorator, ast.Call) else decorator, values, env)
        return frozenset(found) or values

    def _keep(self, maker: ast.expr, functions: Values, env: Env) -> None:
        """Some decorators of libraries keep what they are given where others find it."""
        for value in self._interpreter.eval(maker, env):
            if isinstance(value, External) and value.receiver is not None:
                known = library().method(*split(value.name))
                if known and known.keeps:
                    self._interpreter.store.write(functions, "open", *split(known.keeps))

    def _wrapped(self, values: Values, maker: FunctionObject) -> Values:
        """A decorator of the project: its wrapper stands around the function, whose own results it passes on."""
        interpreter = self._interpreter
        made = interpreter.calls.invoke(frozenset({maker}), ([(ast.Constant(None), values)], {}))
        around = {v.key for v in made - values if isinstance(v, FunctionObject)} - _own_makers(interpreter, maker.key)
        wrappers = tuple(sorted(around))
        for value in values:
            if isinstance(value, FunctionObject):
                self.wrapped[maker.key].add(value.key)
        return frozenset(
            FunctionObject(
                v.key, v.receiver, (*v.wrappers, *(w for w in wrappers if w != v.key and w not in v.wrappers))
            )
            for v in values
            if isinstance(v, FunctionObject)
        )

    def _policy(self, node: ast.expr, env: Env) -> str:
        """How what a decorator gives calls the function."""
        policy = library().policy
        maker = node.func if isinstance(node, ast.Call) else node
        policies = set()
        for value in self._interpreter.eval(maker, env):
            if isinstance(value, External):
                policies.add(policy(*split(value.name)) if value.receiver else policy("", value.name))
            elif isinstance(value, ClassObject):
                policies.add(policy("", value.cls))
            elif isinstance(value, Instance):
                policies.add(policy(value.cls, "__call__"))
            elif isinstance(value, FunctionObject):
                return "project"
        return next(iter(sorted(policies - {""})), "unknown")


def _outermost(interpreter: Interpreter, decorators: Values) -> Values:
    """Of the values that `deco(x=1)` has, those that no other one returns: these get the function."""
    made = {value for each in decorators if isinstance(each, FunctionObject) for value in _returned(interpreter, each)}
    return decorators - made


def _returned(interpreter: Interpreter, function: FunctionObject) -> Values:
    return interpreter.store.read("return", function.key) - {function}


def _own_makers(interpreter: Interpreter, key: str) -> set[str]:
    """What a decorator returns that is no wrapper: itself with its options, or the function that makes the wrapper."""
    called = {
        node.value.func.id
        for node in interpreter.functions[key].own_nodes()
        if isinstance(node, ast.Return) and isinstance(node.value, ast.Call) and isinstance(node.value.func, ast.Name)
    }
    return {key, *(f"{key}.{name}" for name in called)}
