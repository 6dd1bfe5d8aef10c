"""Where values reach columns: what is stored in them, and what they are compared with."""

from __future__ import annotations

import ast
from collections.abc import Iterator

from .keys import unique_keys
from .mapped import Mapped
from .program import Program
from .values import ClassObject, ColumnAttribute, Instance, Query, Statement

JOINS = frozenset({"join", "outerjoin"})
COMPARISONS = (ast.Lt, ast.LtE, ast.Gt, ast.GtE, ast.Eq, ast.NotEq)


def stored(program: Program, node: ast.AST) -> Iterator[tuple[Mapped, str, ast.expr]]:
    """The mapped class, the column and the value, where a node stores values or compares columns with them."""
    match node:
        case ast.Call(func=func, keywords=keywords):
            for mapped in (*_made(program, func), *_filtered(program, func)):
                yield from ((mapped, k.arg, k.value) for k in keywords if k.arg)
            yield from _fetched(program, node)
            match func:
                case ast.Attribute(value=column, attr="between" | "in_"):
                    for mapped, name in _column(program, column):
                        yield from ((mapped, name, a) for a in node.args)
                case ast.Attribute(attr="update" | "values"):
                    for entry in (a for a in node.args if isinstance(a, ast.Dict)):
                        for key, value in zip(entry.keys, entry.values, strict=True):
                            for mapped, name in _column(program, key) if key is not None else ():
                                yield mapped, name, value
        case ast.Assign(targets=targets, value=value):
            for target in targets:
                if isinstance(target, ast.Attribute):
                    for instance in program.values(target.value):
                        if isinstance(instance, Instance) and (known := program.mapped(instance.cls)):
                            yield known, target.attr, value
        case ast.Compare(left=left, ops=[op], comparators=[right]) if isinstance(op, COMPARISONS):
            for column, value in ((left, right), (right, left)):
                yield from ((mapped, name, value) for mapped, name in _column(program, column))


def _made(program: Program, func: ast.expr) -> Iterator[Mapped]:
    """The mapped class whose columns the keywords of a call name: `Model(…)`, `update(Model).….values(…)`."""
    for value in program.values(func):
        if isinstance(value, ClassObject) and (mapped := program.mapped(value.cls)):
            yield mapped
    if isinstance(func, ast.Attribute) and func.attr == "values":
        node: ast.expr = func.value
        while isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
            node = node.func.value
        if isinstance(node, ast.Call) and type_name(node) in {"update", "insert"} and node.args:
            yield from _made(program, node.args[0])


def _filtered(program: Program, func: ast.expr) -> Iterator[Mapped]:
    """The mapped class whose columns the keywords of `filter_by()` name, where nothing is joined."""
    if isinstance(func, ast.Attribute) and func.attr == "filter_by":
        for value in program.values(func.value):
            if isinstance(value, Query | Statement) and len(value.entities) == 1 and not value.traits & JOINS:
                mapped = program.mapped(value.entities[0].cls)
                yield from [mapped] if mapped else []


def _fetched(program: Program, call: ast.Call) -> Iterator[tuple[Mapped, str, ast.expr]]:
    """The primary key's column, and its value, in `session.get(Model, key)` and `query(Model).get(key)`."""
    found: Mapped | None = None
    match call:
        case ast.Call(func=ast.Attribute(value=owner, attr="get"), args=[model, key, *_]):
            if program.is_session(program.values(owner)):
                found = next((program.mapped(v.cls) for v in program.values(model) if isinstance(v, ClassObject)), None)
        case ast.Call(func=ast.Attribute(value=owner, attr="get"), args=[key]):
            queries = [v for v in program.values(owner) if isinstance(v, Query) and len(v.entities) == 1]
            found = next((program.mapped(v.entities[0].cls) for v in queries), None)
        case _:
            return
    primary = unique_keys(found)[0] if found else frozenset()
    if found and len(primary) == 1:
        yield found, next(iter(primary)), key


def _column(program: Program, node: ast.expr) -> Iterator[tuple[Mapped, str]]:
    for value in program.values(node):
        if isinstance(value, ColumnAttribute) and (mapped := program.mapped(value.cls)):
            yield mapped, value.name


def type_name(node: ast.AST) -> str:
    """The name of a column type, as it is called or named."""
    match node:
        case ast.Call(func=func):
            return type_name(func)
        case ast.Name(id=name) | ast.Attribute(attr=name):
            return name
    return ""
