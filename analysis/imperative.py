"""Imperative mappings: classes that know nothing of their tables, mapped by a call apart from them.

https://docs.sqlalchemy.org/en/20/orm/mapping_styles.html#imperative-mapping
"""

from __future__ import annotations

import ast
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from .source import Source

# What maps a class, with the class and its table as its first arguments.
MAPPERS = frozenset({"mapper", "map_imperatively"})


@dataclass(frozen=True, slots=True)
class Table:
    """`Table("users", metadata, Column("id", …), …)`; the columns by name, as a class body would declare them."""

    name: str
    columns: dict[str, ast.stmt]


@dataclass(frozen=True, slots=True)
class Mapping:
    """A call that maps the class that `cls` names; `properties` by name, as a class body would declare them."""

    source: Source
    cls: ast.expr
    table: Table
    properties: dict[str, ast.stmt]


def imperative_mappings(sources: Iterable[Source]) -> Iterator[Mapping]:
    """The calls that map a class to a table which is written out in one of the sources."""
    known = list(sources)
    mapping = [s for s in known if b"map_imperatively" in s.content or b"mapper(" in s.content]
    if not mapping:
        return
    tables = dict(found for s in known if b"Table(" in s.content for found in _tables(s))
    for source in mapping:
        for node in source.nodes:
            if isinstance(node, ast.Call) and _name(node.func) in MAPPERS and node.args:
                given = {k.arg: k.value for k in node.keywords if k.arg}
                table = node.args[1] if len(node.args) > 1 else given.get("local_table")
                if (found := tables.get(_name(table))) is not None:
                    properties = _properties(given.get("properties"), found)
                    yield Mapping(source, node.args[0], found, properties)


def _tables(source: Source) -> Iterator[tuple[str, Table]]:
    for bound, call in _assigned_calls(source):
        match call:
            case ast.Call(args=[ast.Constant(value=str(name)), *_]) if _name(call.func) == "Table":
                yield bound, Table(name, dict(_columns(call)))


def _columns(table: ast.Call) -> Iterator[tuple[str, ast.stmt]]:
    for call in table.args:
        match call:
            case ast.Call(args=[ast.Constant(value=str(name)), *_]) if _name(call.func) == "Column":
                key = next((k.value for k in call.keywords if k.arg == "key"), None)
                attribute = str(key.value) if isinstance(key, ast.Constant) else name
                yield attribute, _declared(attribute, call)


def _properties(given: ast.expr | None, table: Table) -> dict[str, ast.stmt]:
    """What `properties={…}` says, a column under another name included."""
    found: dict[str, ast.stmt] = {}
    pairs: list[tuple[ast.expr | None, ast.expr]] = []
    match given:
        case ast.Dict(keys=keys, values=values):
            pairs = list(zip(keys, values, strict=True))
        case ast.Call(func=ast.Name(id="dict"), keywords=keywords):
            pairs = [(ast.Constant(k.arg), k.value) for k in keywords]
    for key, value in pairs:
        match key, value:
            case ast.Constant(value=str(name)), ast.Call():
                found[name] = _declared(name, value)
            case ast.Constant(value=str(name)), ast.Attribute(attr=column) if column in table.columns:
                found[name] = table.columns[column]
    return found


def mapper_names(source: Source) -> dict[str, str]:
    """Names that mappers are bound to -> the names of the classes that they map."""
    return {bound: _name(call.args[0]) for bound, call in _assigned_calls(source) if _name(call.func) in MAPPERS}


def _assigned_calls(source: Source) -> Iterator[tuple[str, ast.Call]]:
    for node in source.nodes:
        match node:
            case ast.Assign(targets=[ast.Name(id=bound)], value=ast.Call() as call) if call.args:
                yield bound, call


def _declared(name: str, value: ast.expr) -> ast.stmt:
    """`name = value`, which stands where the value does."""
    return ast.copy_location(ast.Assign([ast.copy_location(ast.Name(name, ast.Store()), value)], value), value)


def _name(node: ast.expr | None) -> str:
    match node:
        case ast.Name(id=name) | ast.Attribute(attr=name):
            return name
    return ""
