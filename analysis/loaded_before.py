"""Whether a lazy load is needless: what it reads was awaited, or assigned, on every way that leads there."""

from __future__ import annotations

import ast
from collections.abc import Iterable, Iterator

from .load_reads import Load
from .order import dominates, position


def is_awaited_before(load: Load, awaited: Iterable[Load]) -> bool:
    """Is the same attribute of the same variable awaited on every way that leads here?"""
    text = ast.dump(load.owner)
    return any(
        ast.dump(owner) == text and dominates(load.source, node, load.node) and not _changes_between(load, node)
        for node, owner in _awaited_like(load, awaited)
    )


def is_set_before(load: Load) -> bool:
    """Was the attribute of the same variable assigned on every way that leads here?"""
    owner = ast.dump(load.owner)
    for node in load.function.own_nodes():
        match node:
            case ast.Attribute(value=value, attr=load.relationship.name, ctx=ast.Store()):
                statement = load.source.parents[node]
                is_plain = isinstance(statement, ast.Assign) and ast.dump(value) == owner
                if is_plain and dominates(load.source, node, load.node) and not _changes_between(load, node):
                    return True
    return False


def _awaited_like(load: Load, awaited: Iterable[Load]) -> Iterator[tuple[ast.expr, ast.expr]]:
    """Where else the attribute is awaited in the function, now or already, and of what."""
    for other in awaited:
        is_same = other.function is load.function and other.relationship.name == load.relationship.name
        if is_same and other is not load:
            yield other.node, other.owner
    for node in load.function.own_nodes():
        match node:
            case ast.Attribute(value=ast.Attribute(value=owner, attr="awaitable_attrs"), attr=name):
                if name == load.relationship.name:
                    yield node, owner


def _changes_between(load: Load, earlier: ast.expr) -> bool:
    """Is the variable bound again, or the object expired, between the two reads?"""
    names = {n.id for n in ast.walk(load.owner) if isinstance(n, ast.Name)}
    span = position(earlier), position(load.node)
    for node in load.function.own_nodes():
        if not (isinstance(node, ast.expr) and span[0] < position(node) < span[1]):
            continue
        match node:
            case ast.Name(id=name, ctx=ast.Store()) if name in names:
                return True
            case ast.Call(func=ast.Attribute(attr="rollback" | "refresh" | "expire" | "expire_all")):
                return True
    return False
