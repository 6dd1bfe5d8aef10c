"""Who runs through an iterator to its end, or asks it for its next item: loops, `next()`, what collects and unpacks."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from typing import TYPE_CHECKING

from .symbols import Function
from .values import External, FunctionObject, Generated, Instance, Values

if TYPE_CHECKING:
    from .program import Program

COLLECTING = {
    "list", "set", "tuple", "frozenset", "dict", "sorted", "sum", "max", "min", "any", "all", "enumerate", "zip", "map",
    "filter", "iter", "collections.deque", "collections.Counter", "collections.OrderedDict", "functools.reduce",
}  # fmt: skip
# Methods of strings, lists, sets and dicts, by their names where the receiver is not known.
COLLECTING_METHODS = {"join", "extend", "update", "fromkeys"}


def consumed(program: Program, node: ast.AST) -> Iterator[tuple[str, ast.expr, ast.expr]]:
    """The iterators that a node runs through: the kind of site, its node, and the expression that is the iterator."""
    match node:
        case ast.For(iter=iterable) | ast.comprehension(iter=iterable, is_async=0):
            yield "for", iterable, iterable
        case ast.YieldFrom(value=value):
            yield "yield from", node, value
        case ast.Call(func=ast.Name(id="next"), args=[first, *_]):
            yield "next", node, first
        case ast.Call() if is_collecting(program, node):
            for argument in node.args:
                yield "collect", argument, argument
        case ast.Starred(value=value, ctx=ast.Load()):
            yield "collect", value, value
        case ast.Compare(ops=ops, comparators=comparators):
            for operator, value in zip(ops, comparators, strict=True):
                if isinstance(operator, ast.In | ast.NotIn):
                    yield "collect", value, value
        case ast.Assign(targets=targets, value=value) if any(isinstance(t, ast.Tuple | ast.List) for t in targets):
            yield "collect", value, value
        case ast.AugAssign(op=ast.Add(), value=value):
            yield "collect", value, value


def is_collecting(program: Program, node: ast.Call) -> bool:
    """Does a call of a library's function run through its arguments?"""
    callees = program.values(node.func)
    if any(isinstance(v, External) and v.receiver is None and v.name in COLLECTING for v in callees):
        return True
    is_project = any(isinstance(v, FunctionObject) for v in callees)
    return isinstance(node.func, ast.Attribute) and node.func.attr in COLLECTING_METHODS and not is_project


def generators(program: Program, values: Values) -> list[Function]:
    """The project's sync generator functions whose iterators the values can be; an object's `__iter__` is one."""
    found: set[Function] = set()
    for value in values:
        match value:
            case Generated(key=key):
                found.add(program.function(key))
            case Instance(cls=cls):
                found.update(f for f in program.methods(cls, "__iter__") if f.is_generator)
    return sorted((f for f in found if not f.is_async), key=lambda f: f.key)
