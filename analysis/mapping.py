"""`map()` and `filter()` whose items are all asked for at once: a comprehension can await what they would only call."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

from .values import External

if TYPE_CHECKING:
    from .program import Program

# What runs through all items before anything else happens.
EAGER = frozenset({"list", "set", "tuple", "frozenset", "dict", "sorted", "sum", "max", "min"})
EAGER_METHODS = frozenset({"join", "extend", "update"})


def is_mapping(program: Program, node: ast.AST) -> bool:
    """Is this `map(function, items)` or `filter(function, items)`, in a place where a list would do as well?"""
    if not isinstance(node, ast.Call) or len(node.args) != 2 or node.keywords:
        return False
    names = {v.name for v in program.values(node.func) if isinstance(v, External)}
    function, items = node.args
    if isinstance(items, ast.Starred) or not (names == {"map"} or names == {"filter"}):
        return False
    if names == {"filter"}:
        understood = isinstance(function, ast.Name | ast.Attribute) and isinstance(items, ast.Name | ast.Attribute)
    else:
        understood = isinstance(function, ast.Name | ast.Attribute) or _is_partial(program, function)
        understood = understood or _is_plain_lambda(function)
    return understood and _is_eager(program, node)


def _is_partial(program: Program, node: ast.expr) -> bool:
    return (
        isinstance(node, ast.Call) and External("functools.partial") in program.values(node.func) and not node.keywords
    )


def _is_plain_lambda(node: ast.expr) -> bool:
    """Is this `lambda item: f(…)`?"""
    if not isinstance(node, ast.Lambda) or not isinstance(node.body, ast.Call):
        return False
    spec = node.args
    return len(spec.args) == 1 and not (
        spec.posonlyargs or spec.kwonlyargs or spec.vararg or spec.kwarg or spec.defaults
    )


def _is_eager(program: Program, node: ast.Call) -> bool:
    function = program.function_around(node)
    parent = function.source.parents.get(node) if function else None
    match parent:
        case ast.Starred(ctx=ast.Load()):
            return True
        case ast.Call(func=ast.Attribute(attr=method), args=args) if method in EAGER_METHODS:
            return node in args
        case ast.Call(func=called, args=[first, *_]):
            return first is node and any(isinstance(v, External) and v.name in EAGER for v in program.values(called))
    return False
