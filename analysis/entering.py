"""What a call lets the parameters of the project's functions hold, and what these give."""

from __future__ import annotations

import ast
from dataclasses import replace
from typing import TYPE_CHECKING

from .arguments import Arguments
from .symbols import Function
from .values import Awaitable, Context, FunctionObject, Generated, Instance, Values

if TYPE_CHECKING:
    from .interpreter import Interpreter


class Entering:
    """The part of the calls that knows the project's own functions."""

    _interpreter: Interpreter

    def targets(self, value: FunctionObject) -> list[Function]:
        """The functions that may run where one is called: a method's overrides too."""
        function = self._interpreter.functions[value.key]
        objects = self._interpreter.objects
        if isinstance(value.receiver, Instance) and function.owner and value.receiver.cls in objects.classes:
            targets = objects.alternatives(value.receiver.cls, function.name)
            return targets if function in targets else [function]
        return [function]

    def bind_self(self, function: Function, receiver: Instance) -> None:
        """Let a method's `self` hold the receiver: of the method's own class, where only that overrides it."""
        parameters, owner = function.parameters(), function.owner
        if parameters and function.binding == "instance":
            if owner and owner.key in self._interpreter.objects.below(receiver.cls):
                receiver = replace(receiver, cls=owner.key)
            self._interpreter.store.write(frozenset({receiver}), "parameter", function.key, parameters[0].arg)

    def result(self, function: Function) -> Values:
        """What a call of the function gives its caller."""
        store = self._interpreter.store
        if function.is_generator:
            yielded = store.read("yield", function.key)
            if function.key in self._interpreter.context_functions:
                return frozenset({Context(yielded, function.key)})
            return frozenset({Generated(function.key, yielded)})
        returned = store.read("return", function.key)
        return frozenset({Awaitable(returned)}) if function.is_async else returned

    def bind_arguments(self, function: Function, arguments: Arguments, bound: bool) -> None:
        """Let a function's parameters hold what a call passes."""
        positional, keywords = arguments
        spec = function.arguments
        if spec is None:
            return
        store = self._interpreter.store
        names = [a.arg for a in (*spec.posonlyargs, *spec.args)]
        if bound and function.binding in {"instance", "class"}:
            names = names[1:]
        for position, (node, values) in enumerate(positional):
            if isinstance(node, ast.Starred):
                for name in names[position:]:
                    store.write(values, "parameter", function.key, name)
                break
            if position < len(names):
                store.write(values, "parameter", function.key, names[position])
            elif spec.vararg:
                store.write(values, "parameter", function.key, spec.vararg.arg)
        known = {*names, *(a.arg for a in spec.kwonlyargs)}
        for name, values in keywords.items():
            if name in known:
                store.write(values, "parameter", function.key, name)
            elif name == "**":
                continue
            elif spec.kwarg:
                store.write(values, "parameter", function.key, spec.kwarg.arg)
