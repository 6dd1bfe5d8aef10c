"""Decorators of the project that may be written with options or without: `@deco` and `@deco(x=1)`.

What such a decorator returns depends on how it was called: a wrapper, or what makes one. The analysis knows of both.
"""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

from .values import FunctionObject, Values

if TYPE_CHECKING:
    from .interpreter import Interpreter


def outermost(interpreter: Interpreter, decorators: Values) -> Values:
    """Of the values that `deco(x=1)` has, those that no other one returns: these get the function."""
    made = {value for each in decorators if isinstance(each, FunctionObject) for value in _returned(interpreter, each)}
    return decorators - made


def _returned(interpreter: Interpreter, function: FunctionObject) -> Values:
    return interpreter.store.read("return", function.key) - {function}


def own_makers(interpreter: Interpreter, key: str) -> set[str]:
    """What a decorator returns that is no wrapper: itself with its options, or the function that makes the wrapper."""
    called = {
        node.value.func.id
        for node in interpreter.functions[key].own_nodes()
        if isinstance(node, ast.Return) and isinstance(node.value, ast.Call) and isinstance(node.value.func, ast.Name)
    }
    return {key, *(f"{key}.{name}" for name in called)}
