"""Relationships that a commit used to bring up to date: loaded before a row was added by its foreign key alone.

A commit expired every object, so that the next read found the new row. Now objects stay as they are, and a collection
that was loaded before does not know of a child that was made with the parent's key and not put into the collection.
"""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

from .mapped import Mapped, Relationship
from .order import dominates
from .symbols import Function
from .values import ClassObject, Instance

if TYPE_CHECKING:
    from .program import Program


@dataclass(frozen=True, eq=False, slots=True)
class Stale:
    """`owner.relationship` lacks the row that `node` makes; behind `statement`, `session` can load it again."""

    function: Function
    node: ast.Call
    statement: ast.stmt
    session: ast.expr
    owner: ast.Name
    relationship: Relationship


class Staleness:
    """Finds loaded relationships that a function outdates."""

    def __init__(
        self,
        program: Program,
        origins: Callable[[ast.expr], list[Instance]],
        is_loaded: Callable[[Instance, Relationship], bool],
    ) -> None:
        self._program = program
        self._origins = origins
        self._is_loaded = is_loaded

    def found(self) -> Iterator[Stale]:
        """Each outdated relationship once."""
        for function in self._program.functions:
            if not self._program.stays_sync(function):
                seen: set[tuple[ast.stmt, str, str]] = set()
                for stale in self._in(function):
                    key = stale.statement, stale.owner.id, stale.relationship.name
                    if key not in seen:
                        seen.add(key)
                        yield stale

    def _in(self, function: Function) -> Iterator[Stale]:
        for node in function.own_nodes():
            child = self._made(node)
            if child is None or not isinstance(node, ast.Call):
                continue
            end = self._settled(function, node)
            for keyword in node.keywords if end else ():
                match keyword.value:
                    case ast.Attribute(value=ast.Name() as owner) if keyword.arg:
                        for relationship in self._outdated(child, keyword.arg, owner):
                            assert end is not None
                            yield Stale(function, node, *end, owner, relationship)

    def _made(self, node: ast.AST) -> Mapped | None:
        """The mapped class that a call makes an object of."""
        for value in self._program.values(node.func) if isinstance(node, ast.Call) else ():
            if isinstance(value, ClassObject) and self._program.mapped(value.cls):
                return self._program.mapped(value.cls)
        return None

    def _outdated(self, child: Mapped, column: str, owner: ast.Name) -> Iterator[Relationship]:
        """The loaded relationships of the owner that lead to what is made with its key in a column."""
        for origin in self._origins(owner):
            parent = self._program.mapped(origin.cls)
            statement = child.columns.get(column)
            if parent is None or statement is None or not _refers_to(statement, parent):
                continue
            for relationship in parent.relationships.values():
                if relationship.target == child.cls.key and self._is_loaded(origin, relationship):
                    yield relationship

    def _settled(self, function: Function, node: ast.Call) -> tuple[ast.stmt, ast.expr] | None:
        """The commit behind a call, or the refresh behind that: where all is written, and its session."""
        found: tuple[ast.stmt, ast.expr] | None = None
        for call in function.own_nodes():
            match call:
                case ast.Call(func=ast.Attribute(value=session, attr="commit" | "refresh" as method)):
                    statement = function.source.parents.get(call)
                    if (
                        isinstance(statement, ast.Expr)
                        and (method == "commit" or found)
                        and self._program.is_session(self._program.values(session))
                        and dominates(function.source, node, call)
                    ):
                        found = statement, session
        return found


def _refers_to(column: ast.stmt, parent: Mapped) -> bool:
    """Is a column a foreign key to a class's table?"""
    for node in ast.walk(column):
        match node:
            case ast.Constant(value=str(text)) if text.rpartition(".")[0].rpartition(".")[2] == parent.table != "":
                return True
            case ast.Attribute(value=ast.Name(id=name)) if name == parent.cls.name:
                return True
    return False
