"""Relationships that a commit used to bring up to date: loaded before a foreign key changed them.

A commit expired every object, so that the next read found what had changed. Now objects stay as they are: a collection
that was loaded before does not know of a child that was made with the parent's key and not put into the collection, and
a parent that was loaded before is still there when the child's key has become another one, and so is a row that has
been deleted. What was put into a collection stands at its end, whatever order the collection comes in.
"""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

from .bindings import is_store
from .declared import declared
from .factories import expired_on_commit
from .mapped import Mapped, Relationship
from .order import dominates, may_follow
from .source import Source
from .symbols import Function
from .test_reach import in_tests
from .tracing import Traced
from .values import ClassObject, Instance, Query, Statement

if TYPE_CHECKING:
    from .program import Program


ADDING = frozenset({"append", "insert", "extend", "add"})


@dataclass(frozen=True, eq=False, slots=True)
class Stale:
    """`node` makes a row that `owner.relationship` lacks, sets its key, deletes what it still holds, or disorders it.

    The `cause` says which. Behind `statement`, `session` can load it again, unless none is at hand.
    """

    function: Function
    node: ast.Call | ast.Attribute
    statement: ast.stmt
    session: ast.expr | None
    owner: ast.Name
    relationship: Relationship
    cause: str


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
        """Each outdated relationship once; none where a commit expired nothing before either."""
        for function in self._program.functions if expired_on_commit(self._program) else ():
            if not self._program.stays_sync(function):
                seen: set[tuple[ast.stmt, str, str]] = set()
                for stale in self._in(function):
                    key = stale.statement, stale.owner.id, stale.relationship.name
                    if key not in seen:
                        seen.add(key)
                        yield stale

    def _in(self, function: Function) -> Iterator[Stale]:
        for node in function.own_nodes():
            match node:
                case ast.Call():
                    yield from self._by_a_row(function, node)
                    yield from self._by_a_deletion(function, node)
                    yield from self._by_an_addition(function, node)
                case ast.Attribute(value=ast.Name() as owner, ctx=ast.Store()):
                    yield from self._by_a_key(function, node, owner)
                    yield from self._by_its_order(function, node, owner, node.attr)

    def _by_a_key(self, function: Function, node: ast.Attribute, owner: ast.Name) -> Iterator[Stale]:
        """`owner.parent_id = …`: the parent that is loaded is the former one."""
        for origin in self._origins(owner):
            mapped = self._program.mapped(origin.cls)
            column = mapped.columns.get(node.attr) if mapped else None
            for relationship in mapped.relationships.values() if mapped and column else ():
                target = self._program.mapped(relationship.target)
                assert column is not None
                if target is None or relationship.many or not _refers_to(column, target):
                    continue
                end = self._settled(function, node, owner) if self._is_loaded(origin, relationship) else None
                if end:
                    yield Stale(function, node, *end, owner, relationship, f"sets the key of {relationship.name}")

    def _by_a_row(self, function: Function, node: ast.Call) -> Iterator[Stale]:
        """`Child(parent_id=owner.id)`: the collection that is loaded lacks the child."""
        child = self._made(node)
        for keyword in node.keywords if child is not None else ():
            match keyword:
                case ast.keyword(arg=str(column), value=ast.Attribute(value=ast.Name() as owner)):
                    end = self._settled(function, node, owner)
                    found = self._outdated(child, column, owner) if child and end else ()
                    for relationship in found if end else ():
                        assert end is not None
                        cause = f"adds a row to {owner.id}.{relationship.name} by its foreign key"
                        yield Stale(function, node, *end, owner, relationship, cause)

    def _by_a_deletion(self, function: Function, node: ast.Call) -> Iterator[Stale]:
        """`session.delete(child)`, `delete(Child)`: the owner that is loaded still has the child."""
        deleted = self._deleted(node)
        for owner in _variables(function) if deleted else ():
            ends = [] if _is_deleted(function, owner) else self._ends(function, node, owner)
            for (statement, session), following in zip(ends, [*(s for s, _ in ends[1:]), None], strict=False):
                if _is_bound(function, owner, statement) and _is_used_behind(function, owner, statement, following):
                    for relationship in self._held(function, owner, deleted):
                        cause = f"may delete what {owner.id}.{relationship.name} holds"
                        yield Stale(function, node, statement, session, owner, relationship, cause)

    def _by_an_addition(self, function: Function, node: ast.Call) -> Iterator[Stale]:
        """`owner.children.append(child)`: it stands at the end, but where it is a new row and the end is its place."""
        match node:
            case ast.Call(
                func=ast.Attribute(value=ast.Attribute(value=ast.Name() as owner, attr=name), attr=method),
                args=[*given],
            ) if method in ADDING:
                is_new = all(_is_made(origin) for value in given for origin in self._origins(value))
                yield from self._by_its_order(function, node, owner, name, is_new)

    def _by_its_order(
        self, function: Function, node: ast.Call | ast.Attribute, owner: ast.Name, name: str, is_new: bool = False
    ) -> Iterator[Stale]:
        """A collection that comes in an order is given something."""
        for origin in self._origins(owner):
            mapped = self._program.mapped(origin.cls)
            relationship = mapped.relationships.get(name) if mapped else None
            order = declared(relationship, "order_by") if relationship is not None and relationship.many else None
            if relationship is None or order is None or (is_new and self._is_by_key(order, relationship)):
                continue
            end = self._settled(function, node, owner)
            if end and _is_used_behind(function, owner, end[0], None):
                cause = f"adds to {owner.id}.{name}, which comes in an order of its own"
                yield Stale(function, node, *end, owner, relationship, cause)

    def _is_by_key(self, order: ast.expr, relationship: Relationship) -> bool:
        """Does an order follow the primary key, so that new rows come last?"""
        target = self._program.mapped(relationship.target)
        text = order.value if isinstance(order, ast.Constant) else ast.unparse(order)
        column = target.columns.get(str(text).rpartition(".")[2]) if target else None
        return column is not None and "primary_key" in ast.dump(column)

    def _held(self, function: Function, owner: ast.Name, classes: set[str]) -> Iterator[Relationship]:
        """The relationships of an owner that hold objects of some classes."""
        for origin in self._origins(owner):
            mapped = self._program.mapped(origin.cls)
            for relationship in mapped.relationships.values() if mapped else ():
                if relationship.target in classes and (
                    self._is_loaded(origin, relationship) or self._is_given(function, owner, relationship)
                ):
                    yield relationship

    def _deleted(self, node: ast.Call) -> set[str]:
        """The mapped classes of which a call deletes objects or rows."""
        match node.func:
            case ast.Attribute(value=session, attr="delete") if node.args:
                if self._program.is_session(self._program.values(session)):
                    return {v.cls for v in self._program.values(node.args[0]) if isinstance(v, Instance)}
            case ast.Attribute(value=query, attr="delete"):
                queries = [v for v in self._program.values(query) if isinstance(v, Query)]
                return {e.cls for q in queries for e in q.entities if e.kind == "entity"}
        statements = [v for v in self._program.values(node) if isinstance(v, Statement) and v.kind == "delete"]
        return {e.cls for s in statements for e in s.entities}

    def _is_given(self, function: Function, owner: ast.Name, relationship: Relationship) -> bool:
        """Is something made with the owner, and so put into its relationship?"""
        return any(
            isinstance(call, ast.Call)
            and (made := self._made(call)) is not None
            and made.cls.key == relationship.target
            and any(isinstance(k.value, ast.Name) and k.value.id == owner.id for k in call.keywords)
            for call in function.own_nodes()
        )

    def _made(self, node: ast.Call) -> Mapped | None:
        """The mapped class that a call makes an object of."""
        for value in self._program.values(node.func):
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

    def _settled(self, function: Function, node: ast.expr, owner: ast.Name) -> tuple[ast.stmt, ast.expr] | None:
        """The last commit behind a node, or the refresh behind that: where all is written, and its session."""
        return next(reversed(self._ends(function, node, owner)), None)

    def _ends(self, function: Function, node: ast.expr, owner: ast.Name) -> list[tuple[ast.stmt, ast.expr]]:
        """The commits behind a node, and the refreshes behind these."""
        found: list[tuple[ast.stmt, ast.expr]] = []
        for call in function.own_nodes():
            match call:
                case ast.Call(func=ast.Attribute(value=session, attr="commit" | "refresh" as method)):
                    statement = function.source.parents.get(call)
                    if (
                        isinstance(statement, ast.Expr)
                        and (method == "commit" or found)
                        and self._program.is_session(self._program.values(session))
                        and _leads_to(function, node, owner, call)
                    ):
                        found.append((statement, session))
        return found


def _is_made(origin: Instance) -> bool:
    return isinstance(origin, Traced) and origin.root.kind == "made"


def _variables(function: Function) -> list[ast.Name]:
    """Each variable that a function reads, where it does so first."""
    found: dict[str, ast.Name] = {}
    for node in function.own_nodes():
        if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Load):
            found.setdefault(node.id, node)
    return list(found.values())


def _is_deleted(function: Function, owner: ast.Name) -> bool:
    """Is the owner itself handed to something that deletes it?"""
    return any(
        isinstance(call, ast.Call)
        and isinstance(call.func, ast.Attribute)
        and call.func.attr in {"delete", "expunge"}
        and any(isinstance(a, ast.Name) and a.id == owner.id for a in call.args)
        for call in function.own_nodes()
    )


def _is_bound(function: Function, owner: ast.Name, statement: ast.stmt) -> bool:
    """Has a variable been given a value whenever a statement is reached?"""
    stores = [n for n in function.own_nodes() if isinstance(n, ast.Name) and n.id == owner.id and is_store(n)]
    is_parameter = any(p.arg == owner.id for p in function.parameters())
    return is_parameter or not stores or any(dominates(function.source, store, statement) for store in stores)


def _is_used_behind(function: Function, owner: ast.Name, statement: ast.stmt, end: ast.stmt | None) -> bool:
    """Is the owner read between two statements; behind the last one, or is it a fixture's, that others read?"""
    if end is None and in_tests(function):
        return True
    return any(
        isinstance(n, ast.Name)
        and n.id == owner.id
        and may_follow(function.source, statement, n)
        and (end is None or n.lineno <= end.lineno)
        for n in function.own_nodes()
    )


def _leads_to(function: Function, node: ast.expr, owner: ast.Name, call: ast.Call) -> bool:
    """Does a node lead to a call behind it, where the owner is surely an object?"""
    source = function.source
    if dominates(source, node, call):
        return True
    is_behind = (node.lineno, node.col_offset) < (call.lineno, call.col_offset) and may_follow(source, node, call)
    return is_behind and any(
        isinstance(n, ast.Attribute) and ast.dump(n.value) == ast.dump(owner) and dominates(source, n, call)
        for n in function.own_nodes()
    )


def commits_behind(program: Program, source: Source, node: ast.AST) -> bool:
    """Does a commit follow in the same function?"""
    function = program.function_at(source, node)
    return function is not None and any(
        isinstance(call, ast.Call)
        and isinstance(call.func, ast.Attribute)
        and call.func.attr == "commit"
        and program.is_session(program.values(call.func.value))
        and may_follow(source, node, call)
        for call in function.own_nodes()
    )


def _refers_to(column: ast.stmt, parent: Mapped) -> bool:
    """Is a column a foreign key to a class's table?"""
    for node in ast.walk(column):
        match node:
            case ast.Constant(value=str(text)) if text.rpartition(".")[0].rpartition(".")[2] == parent.table != "":
                return True
            case ast.Attribute(value=ast.Name(id=name)) if name == parent.cls.name:
                return True
    return False
