"""Which expression goes to a thread as a whole, when calls in it block.

`realpath(abspath(name))` is one errand, and so is `sorted(folder.glob("*"))`, which reads the folder while it sorts.
"""

from __future__ import annotations

import ast
from collections.abc import Collection, Iterator
from typing import TYPE_CHECKING

from ..analysis.offloading import is_bound_to_request
from ..analysis.source import Source
from ..analysis.symbols import Function
from ..analysis.values import External

if TYPE_CHECKING:
    from ..analysis.program import Program

# What reads a folder while its result is run through.
_LISTING = frozenset({"pathlib.Path.iterdir", "pathlib.Path.glob", "pathlib.Path.rglob", "glob.iglob"})
# What runs through all that it is given.
_CONSUMING = frozenset(
    {"list", "sorted", "set", "tuple", "frozenset", "max", "min", "sum", "any", "all", "next", "len"}
)
_COMPREHENSIONS = (ast.ListComp, ast.SetComp, ast.DictComp)


def unit(program: Program, function: Function, node: ast.expr, movable: Collection[ast.expr]) -> ast.expr:
    """The expression that a thread evaluates for a call that blocks: the call, or what stands around it."""
    source, whole = function.source, node
    if is_listing(program, node):
        whole = _consumer(source, node) or node
    for outer in _around(source, node):
        if outer in movable:
            whole = outer
        elif isinstance(outer, ast.GeneratorExp) and node not in ast.walk(outer.generators[0].iter):
            whole = _consumer(source, outer) or whole
    return whole if whole is node or _is_free(program, function, whole) else node


def _around(source: Source, node: ast.expr) -> Iterator[ast.expr]:
    """The expressions around one, in its statement and its function."""
    outer = source.parents.get(node)
    while isinstance(outer, ast.expr | ast.comprehension | ast.keyword) and not isinstance(outer, ast.Lambda):
        if isinstance(outer, ast.expr):
            yield outer
        outer = source.parents.get(outer)


def is_listing(program: Program, node: ast.expr) -> bool:
    """Does a call give the entries of a folder one by one?"""
    return isinstance(node, ast.Call) and any(
        isinstance(value, External) and value.name in _LISTING for value in program.values(node.func)
    )


def _consumer(source: Source, node: ast.expr) -> ast.expr | None:
    """The expression that runs through all of an iterable, if it stands around it."""
    match source.parents.get(node):
        case ast.Call(func=ast.Name(id=name), args=[first, *_]) as call if first is node and name in _CONSUMING:
            return call
        case ast.comprehension(iter=iterable) as loop if iterable is node:
            around = source.parents[loop]
            if isinstance(around, _COMPREHENSIONS):
                return around
            return _consumer(source, around) if isinstance(around, ast.GeneratorExp) else None
    return None


def _is_free(program: Program, function: Function, whole: ast.expr) -> bool:
    """Does an expression await nothing, bind no name, and touch nothing that a thread may not?"""
    awaited = {site.node for site in program.colours.sites_of(function)}
    for node in ast.walk(whole):
        if node in awaited or isinstance(node, ast.Await | ast.NamedExpr | ast.Yield | ast.YieldFrom):
            return False
        if isinstance(node, ast.expr) and is_bound_to_request(program, program.values(node)):
            return False
    return True
