"""Dependency injection: what FastAPI passes for a dependency, and what a provider stands for."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

from .library import library
from .symbols import dotted
from .values import ClassObject, External, Factory, FunctionObject, Instance, Value, Values

if TYPE_CHECKING:
    from .members import Members

DEPENDENCIES = {"fastapi.Depends", "fastapi.Security"}


def is_bare_dependency(node: ast.expr) -> bool:
    """Is this `Depends()`, whose dependency is the annotation?"""
    return isinstance(node, ast.Call) and not node.args and not node.keywords and dotted(node.func).endswith("Depends")


def provided(interpreter: Members, given: Values) -> Values:
    """What FastAPI passes for a dependency."""
    found: set[Value] = set()
    for value in given:
        match value:
            case Factory(items=items):
                found |= items
            case FunctionObject(key=key):
                function = interpreter.functions[key]
                store = interpreter.store
                if isinstance(value.receiver, Instance):
                    interpreter.calls.bind_self(function, value.receiver)
                found |= store.read("yield" if function.is_generator else "return", key)
                found |= store.read("override", key)
            case ClassObject(cls=cls):
                found.add(Instance(cls))
            case Instance(cls=cls) if cls in interpreter.objects.classes:
                found |= provided(interpreter, interpreter.attribute(frozenset({value}), "__call__"))
    return frozenset(found)


def is_overrides(values: Values) -> bool:
    """Is this an application's `dependency_overrides`?"""
    return any(isinstance(v, External) and v.name.endswith(".dependency_overrides") for v in values)


def override(interpreter: Members, originals: Values, replacement: Values) -> None:
    """`app.dependency_overrides[original] = replacement`."""
    given = provided(interpreter, replacement)
    for value in originals:
        if isinstance(value, FunctionObject):
            interpreter.store.write(given, "override", value.key)
    interpreter.calls.hand("awaits", interpreter.current.node, replacement)


def is_marker(name: str) -> bool:
    """Does a library's thing stand for what the provider behind it provides?"""
    known = library().functions.get(name)
    return known is not None and known.calls == "marks"


def through_providers(values: Values) -> Values:
    """What reaches a parameter for which providers are given."""
    return frozenset(item for value in values for item in (value.items if isinstance(value, Factory) else [value]))
