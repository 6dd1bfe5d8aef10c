"""Families: the functions that share a colour."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from typing import TYPE_CHECKING

from .symbols import Class, Function, decorator_name

if TYPE_CHECKING:
    from .program import Program


def families(program: Program) -> dict[Function, tuple[Function, ...]]:
    """The functions that share a colour: a method, what it overrides, and what overrides it; fixtures that do.

    `def run(self) -> Awaitable[int]: ...` is as async as it can be.
    """
    leader: dict[Function, Function] = {}

    def find(function: Function) -> Function:
        while leader.get(function, function) is not function:
            function = leader[function]
        return function

    objects = program.interpreter.objects
    for cls in objects.classes.values():
        for name, method in cls.methods.items():
            if name.startswith("__") and name not in {"__call__", "__enter__", "__exit__", "__iter__"}:
                continue
            for other in _relatives(program, cls, name):
                leader[find(other)] = find(method)
        if "__enter__" in cls.methods and "__exit__" in cls.methods:
            leader[find(cls.methods["__enter__"])] = find(cls.methods["__exit__"])
    for general, registered in objects.dispatched.items():
        for function in registered:
            leader[find(function)] = find(general)
    for wrapper, wrapped in program.decorators.wrapped.items():
        for function in wrapped if not program.decorators.serves_both(wrapper) else ():
            leader[find(function)] = find(wrapper)
    for function in program.functions:
        if "overload" in map(decorator_name, function.decorators):
            for other in _overloaded(program, function):
                leader[find(function)] = find(other)
    groups: defaultdict[Function, list[Function]] = defaultdict(list)
    for function in program.functions:
        if not function.promises:
            groups[find(function)].append(function)
    return {f: tuple(group) for group in groups.values() if len(group) > 1 for f in group}


def _overloaded(program: Program, function: Function) -> Iterator[Function]:
    """The definitions of the name that stand beside an `@overload`."""
    place = function.source, function.qualname
    return (f for f in program.functions if (f.source, f.qualname) == place)


def _relatives(program: Program, cls: Class, name: str) -> Iterator[Function]:
    objects = program.interpreter.objects
    for base in objects.ancestry(cls.key)[1:]:
        if base in objects.classes and name in objects.classes[base].methods:
            yield objects.classes[base].methods[name]
    if objects.is_protocol(cls.key):
        for key in objects.implementers(cls.key):
            found = objects.method(key, name)
            if found is not None:
                yield found
