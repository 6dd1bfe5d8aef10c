"""Columns whose value the database works out when a row is updated, and which have to be fetched with the update.

After such an update the object does not know the new value; the next read asks for it, implicitly.
"""

from __future__ import annotations

import ast
from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

from .once import once
from .responses import Responses
from .symbols import Class, Function
from .test_reach import in_tests
from .values import External, Instance

if TYPE_CHECKING:
    from .program import Program

ON_UPDATE = frozenset({"onupdate", "server_onupdate"})


@dataclass(frozen=True, eq=False, slots=True)
class ServerValue:
    """A column of `owner`, the class that declares it, which `reader` needs after `writer` changed a row."""

    owner: Class
    name: str
    reader: Function
    node: ast.expr
    writer: Function
    change: ast.expr


class ServerValues:
    """Which server-side values are read although no refresh follows the update."""

    def __init__(self, program: Program, responses: Responses) -> None:
        self._program = program
        self._responses = responses

    def needed(self) -> Iterator[ServerValue]:
        """The columns that have to come with the update, each with one place that reads it."""
        columns = server_columns(self._program)
        reads = self._reads({name for _, name in columns}) if columns else {}
        unrefreshed = self._unrefreshed() if columns else {}
        seen: set[tuple[str, str]] = set()
        for (cls, name), owner in columns.items():
            read = reads.get((cls, name))
            if read and cls in unrefreshed and (owner.key, name) not in seen:
                seen.add((owner.key, name))
                yield ServerValue(owner, name, *read, *unrefreshed[cls])

    def _reads(self, names: set[str]) -> dict[tuple[str, str], tuple[Function, ast.expr]]:
        """(mapped class, column) -> a place where the application reads it from an object."""
        found: dict[tuple[str, str], tuple[Function, ast.expr]] = {}
        for reading in self._responses.readings():
            for origin in reading.origins:
                found.setdefault((origin.cls, reading.name), (reading.function, reading.node))
        for function in self._program.functions:
            for node in function.own_nodes():
                if isinstance(node, ast.Attribute) and node.attr in names and isinstance(node.ctx, ast.Load):
                    for cls in self._mapped(node.value):
                        found.setdefault((cls, node.attr), (function, node))
        return found

    def _mapped(self, node: ast.expr) -> Iterator[str]:
        for value in self._program.values(node):
            if isinstance(value, Instance) and self._program.mapped(value.cls):
                yield value.cls

    def _unrefreshed(self) -> dict[str, tuple[Function, ast.expr]]:
        """The classes whose objects a function of the application changes and does not refresh, and where."""
        changed: defaultdict[Function, dict[str, ast.expr]] = defaultdict(dict)
        refreshed: defaultdict[Function, set[str]] = defaultdict(set)
        for function in self._program.functions:
            for node in () if in_tests(function) else function.own_nodes():
                for cls, place in self._changes(node):
                    changed[function].setdefault(cls, place)
                refreshed[function].update(self._refreshes(node))
        found: dict[str, tuple[Function, ast.expr]] = {}
        for function, places in changed.items():
            for cls in places.keys() - refreshed[function]:
                found.setdefault(cls, (function, places[cls]))
        return found

    def _changes(self, node: ast.AST) -> Iterator[tuple[str, ast.expr]]:
        match node:
            case (
                ast.Attribute(value=owner, ctx=ast.Store())
                | ast.Call(func=ast.Name(id="setattr"), args=[owner, *_])
                | ast.Call(func=ast.Attribute(value=owner, attr="sqlmodel_update"))
            ):
                yield from ((cls, node) for cls in self._mapped(owner))

    def _refreshes(self, node: ast.AST) -> Iterable[str]:
        match node:
            case ast.Call(func=ast.Attribute(attr="refresh"), args=[owner]):
                return self._mapped(owner)
        return ()


@once
def server_columns(program: Program) -> dict[tuple[str, str], Class]:
    """(mapped class, column) -> the class that declares it, for columns that the server sets in an update."""
    objects = program.interpreter.objects
    found: dict[tuple[str, str], Class] = {}
    for key, mapped in objects.mapped.known.items():
        for name, statement in mapped.columns.items():
            if any(_is_set_by_server(program, n) for n in ast.walk(statement)):
                owners = [objects.classes[k] for k in objects.ancestry(key) if k in objects.classes]
                found[key, name] = next((c for c in owners if statement in c.node.body), mapped.cls)
    return found


def _is_set_by_server(program: Program, node: ast.AST) -> bool:
    match node:
        case ast.keyword(arg=str(name), value=value) if name in ON_UPDATE:
            return name == "server_onupdate" or is_sql(program, value)
        case ast.Dict(keys=keys, values=values):
            pairs = zip(keys, values, strict=True)
            return any(
                isinstance(k, ast.Constant) and k.value in ON_UPDATE and is_sql(program, value) for k, value in pairs
            )
    return False


def is_sql(program: Program, node: ast.expr) -> bool:
    """Is this an SQL expression, and not a value or function of Python?"""
    if not isinstance(node, ast.Call):
        return False
    start: ast.expr = node.func
    while isinstance(start, ast.Attribute):
        start = start.value
    return any(isinstance(v, External) and v.name.startswith("sqlalchemy") for v in program.values(start))
