"""The keys of mapped classes: columns that no two rows share."""

from __future__ import annotations

import ast
from collections.abc import Iterator

from .mapped import Mapped


def unique_keys(mapped: Mapped) -> list[frozenset[str]]:
    """The sets of columns whose values say which row is meant; the primary key first."""
    primary = frozenset(name for name, statement in mapped.columns.items() if _has(statement, "primary_key"))
    alone = [frozenset({name}) for name, statement in mapped.columns.items() if _has(statement, "unique")]
    return [primary, *alone, *_declared(mapped)]


def _has(statement: ast.stmt, option: str) -> bool:
    """Does a column say so, of itself?"""
    given = [k for n in ast.walk(statement) if isinstance(n, ast.Call) for k in n.keywords if k.arg == option]
    return any(not (isinstance(k.value, ast.Constant) and not k.value.value) for k in given)


def _declared(mapped: Mapped) -> Iterator[frozenset[str]]:
    """`UniqueConstraint("a", "b")` and `Index("name", "a", unique=True)`, in the class or beside it."""
    cls = mapped.cls
    beside = [s for s in cls.source.tree.body if isinstance(s, ast.Expr | ast.Assign) and _speaks_of(s, cls.name)]
    for node in (n for part in (cls.node, *beside) for n in ast.walk(part)):
        match node:
            case ast.Call(func=ast.Name(id=kind) | ast.Attribute(attr=kind), args=args, keywords=keywords):
                if kind in {"UniqueConstraint", "PrimaryKeyConstraint"}:
                    yield frozenset(map(_column, args))
                elif kind == "Index" and any(k.arg == "unique" for k in keywords):
                    yield frozenset(map(_column, args[1:]))


def _speaks_of(statement: ast.stmt, name: str) -> bool:
    return any(isinstance(n, ast.Name) and n.id == name for n in ast.walk(statement))


def _column(node: ast.expr) -> str:
    match node:
        case ast.Constant(value=str(name)) | ast.Name(id=name) | ast.Attribute(attr=name):
            return name
    return ""
