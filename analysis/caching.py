"""Functions that `functools` keeps the results of: once they await, what is kept is a task."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

from .symbols import Function
from .values import External

if TYPE_CHECKING:
    from .program import Program

CACHES = {"functools.cache", "functools.lru_cache"}


def keeps_results(program: Program, function: Function) -> bool:
    """Does a cache of `functools`, and no other decorator, stand around a function that gives a result?"""
    is_plain = isinstance(function.node, ast.FunctionDef) and not function.is_generator
    return is_plain and len(function.decorators) == 1 and _is_cache(program, function.decorators[0])


def _is_cache(program: Program, decorator: ast.expr) -> bool:
    maker = decorator.func if isinstance(decorator, ast.Call) else decorator
    return any(isinstance(v, External) and v.name in CACHES for v in program.values(maker))
