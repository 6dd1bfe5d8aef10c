"""Functions that `functools` keeps the results of: once they await, what is kept is a task."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

from .mapping import is_mapping
from .symbols import Function
from .values import Awaitable, External

if TYPE_CHECKING:
    from .program import Program

CACHES = {"functools.cache", "functools.lru_cache"}


def is_cached(program: Program, function: Function) -> bool:
    """Does a cache of `functools`, and no other decorator, stand around a function that gives a result?"""
    is_plain = isinstance(function.node, ast.FunctionDef) and not function.is_generator
    return is_plain and len(function.decorators) == 1 and _is_cache(program, function.decorators[0])


def keeps_tasks(program: Program, function: Function) -> bool:
    """May a cached function give a task? A library that is given it may call it in a thread, without a loop."""
    return is_cached(program, function) and not any(
        node not in function.decorators and not is_mapping(program, node) for _, node in program.handed(function)
    )


def gives_tasks(program: Program, function: Function) -> bool:
    """Does a cached function give what can be awaited already?"""
    returned = program.interpreter.store.read("return", function.key)
    return any(isinstance(v, Awaitable) for v in returned) and is_cached(program, function)


def _is_cache(program: Program, decorator: ast.expr) -> bool:
    maker = decorator.func if isinstance(decorator, ast.Call) else decorator
    return any(isinstance(v, External) and v.name in CACHES for v in program.values(maker))
