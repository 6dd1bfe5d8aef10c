"""What the variables of a function are bound to."""

from __future__ import annotations

import ast
from collections.abc import Iterator

from .once import once
from .order import may_follow, runs_between
from .source import Source
from .symbols import Function


def assigned(function: Function, name: str) -> list[ast.expr]:
    """The values that plain assignments give to a variable."""
    found: list[ast.expr] = []
    for node in function.own_nodes():
        match node:
            case ast.Assign(targets=targets, value=value):
                if any(isinstance(t, ast.Name) and t.id == name for t in targets):
                    found.append(value)
            case ast.AnnAssign(target=ast.Name(id=target), value=ast.expr() as value) if target == name:
                found.append(value)
    return found


def written(function: Function, node: ast.expr) -> list[ast.expr]:
    """An expression as it is written, or what is assigned to its name."""
    return assigned(function, node.id) if isinstance(node, ast.Name) else [node]


@once
def returned(function: Function) -> list[ast.expr]:
    """What the return statements of a function give, or the body of a lambda."""
    if isinstance(function.node, ast.Lambda):
        return [function.node.body]
    return [n.value for n in function.own_nodes() if isinstance(n, ast.Return) and n.value is not None]


def defaults(function: Function, name: str) -> Iterator[ast.expr]:
    """The default of a parameter, if it has one."""
    arguments = function.arguments
    if arguments is not None:
        plain = [*arguments.posonlyargs, *arguments.args]
        pairs = [*zip(reversed(plain), reversed(arguments.defaults), strict=False)]
        pairs += [(p, d) for p, d in zip(arguments.kwonlyargs, arguments.kw_defaults, strict=True) if d is not None]
        yield from (default for parameter, default in pairs if parameter.arg == name)


def iterable(source: Source, node: ast.AST) -> ast.expr | None:
    """What the loop runs through whose variable a name is."""
    parent = source.parents.get(node)
    while isinstance(parent, ast.Tuple | ast.List):
        node, parent = parent, source.parents.get(parent)
    if isinstance(parent, ast.For | ast.AsyncFor | ast.comprehension) and parent.target is node:
        return parent.iter
    return None


def reads(function: Function, name: str) -> Iterator[ast.Name]:
    """Where a variable is read."""
    for node in function.own_nodes():
        if isinstance(node, ast.Name) and node.id == name and isinstance(node.ctx, ast.Load):
            yield node


def reads_behind(function: Function, name: str, place: ast.expr | ast.stmt) -> Iterator[ast.Name]:
    """Where a variable is read behind a place with what it held there."""
    source = function.source
    stores = [n for n in function.own_nodes() if isinstance(n, ast.Name) and n.id == name and is_store(n)]
    if any(n in stores for n in ast.walk(place)):
        return
    bindings = [iterable(source, n) or n for n in stores if may_follow(source, place, n)]
    for node in reads(function, name):
        if may_follow(source, place, node) and not any(runs_between(source, place, b, node) for b in bindings):
            yield node


def is_store(node: ast.Name) -> bool:
    """Is a variable bound here?"""
    return isinstance(node.ctx, ast.Store)
