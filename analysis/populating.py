"""Queries for objects that the session has already, behind a commit that no longer brings those up to date.

A query that populates them again would undo what was not written yet: where nothing flushes before it, it stays.
"""

from __future__ import annotations

import ast
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

from .bulk_writes import held, is_older
from .factories import expired_on_commit, flushes_before_queries
from .once import once
from .order import may_follow
from .row_changes import Changed, RowChanges, row_changes
from .stand_ins import is_test_code
from .symbols import Function
from .values import ClassObject, Query, Statement

if TYPE_CHECKING:
    from .program import Program

# What gives no objects, and what brings those that are there up to date already.
OTHERS = frozenset(
    {"as_scalar", "count", "cte", "delete", "except_", "except_all", "exists", "intersect", "intersect_all", "label"}
    | {"populate_existing", "scalar_subquery", "subquery", "union", "union_all", "update", "with_entities"}
    | {"with_for_update", "with_only_columns"}
)
EXECUTING = frozenset({"exec", "execute", "scalar", "scalars", "stream", "stream_scalars"})
UNFLUSHED = "what is not written yet would be lost, as nothing flushes before it"


@dataclass(frozen=True, eq=False, slots=True)
class Requeried:
    """A query, or a `get`, behind what `changed` rows; a `concern` says why it can't populate what is there."""

    changed: Changed
    is_get: bool
    concern: str


@once
def queried_again(program: Program) -> dict[ast.Call, Requeried]:
    """The queries for objects that a function has already, behind what changed their rows, by where they begin."""
    found: dict[ast.Call, Requeried] = {}
    if not expired_on_commit(program):
        return found
    rows = row_changes(program)
    for function, changes in rows.by_function.items():
        for changed in changes:
            is_seen = changed.change.is_followed and not is_test_code(function)
            if changed.change.kind == "update" and not is_seen:
                found |= {node: _requeried(program, changed, node) for node in _queries(program, rows, changed)}
    return found


def populates(program: Program, node: ast.Call) -> bool:
    """Is a query, by where it begins, one that populates what is there?"""
    again = queried_again(program).get(node)
    return again is not None and not (again.is_get or again.concern)


def _requeried(program: Program, changed: Changed, node: ast.Call) -> Requeried:
    is_flushed = flushes_before_queries(program) and not _is_unflushed(program, changed.function, node)
    return Requeried(changed, _is_get(node), "" if is_flushed else UNFLUSHED)


def _queries(program: Program, rows: RowChanges, changed: Changed) -> Iterator[ast.Call]:
    function, cls = changed.function, changed.change.cls
    names = {
        n.id
        for n in function.own_nodes()
        if isinstance(n, ast.Name) and any(o.cls == cls for o in held(program, program.values(n)))
    }
    if not any(is_older(function, name, changed.node) for name in names):
        return
    ends = [changed.node] if changed.is_committed else list(rows.ends(changed))
    calls = [n for n in function.own_nodes() if isinstance(n, ast.Call) and _begins_query(program, n, cls)]
    for node in calls:
        if any(may_follow(function.source, end, node) for end in ends) and not _is_done(program, function, node):
            yield _got(function, node)


def _begins_query(program: Program, node: ast.Call, cls: str) -> bool:
    """Is this `select(Model)`, `session.query(Model)`, or `session.get(Model, key)`?"""
    name = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
    if name == "get" and isinstance(node.func, ast.Attribute) and program.is_session(program.values(node.func.value)):
        return any(isinstance(v, ClassObject) and v.cls == cls for a in node.args[:1] for v in program.values(a))
    found = [v for v in program.values(node) if isinstance(v, Query | Statement)] if name in {"query", "select"} else []
    return any(e.kind == "entity" and e.cls == cls for v in found for e in v.entities)


def _is_done(program: Program, function: Function, node: ast.Call) -> bool:
    """Does a query give no objects, or populate those that are there, or is it a part of another one?"""
    *links, whole = _links(function, node)
    if any(isinstance(n, ast.Attribute) and n.attr in OTHERS for n in links):
        return True
    if any(k.arg in OTHERS for n in (*links, whole) if isinstance(n, ast.Call) for k in n.keywords):
        return True
    match function.source.parents.get(whole):
        case ast.Call(func=func):
            is_query = any(isinstance(v, Query | Statement) for v in program.values(whole))
            return is_query and not (isinstance(func, ast.Attribute) and func.attr in EXECUTING)
    return False


def _links(function: Function, node: ast.Call) -> list[ast.expr]:
    """What is called on a query in the same expression, from its beginning to the whole."""
    found: list[ast.expr] = [node]
    while True:
        parent = function.source.parents.get(found[-1])
        is_receiver = isinstance(parent, ast.Attribute) or (isinstance(parent, ast.Call) and parent.func is found[-1])
        if not is_receiver:
            return found
        assert isinstance(parent, ast.Attribute | ast.Call)
        found.append(parent)


def _got(function: Function, node: ast.Call) -> ast.Call:
    """A query's `get` in its stead: `session.query(Model).get(key)`."""
    return next((n for n in _links(function, node) if isinstance(n, ast.Call) and _is_get(n)), node)


def _is_get(node: ast.Call) -> bool:
    return isinstance(node.func, ast.Attribute) and node.func.attr == "get"


def _is_unflushed(program: Program, function: Function, node: ast.Call) -> bool:
    """Is a query sent without a flush: by its own option, or in a block that says so, here or around a call?"""
    inside = [n for n in ast.walk(_links(function, node)[-1]) if isinstance(n, ast.Call)]
    names = {n.func.attr for n in inside if isinstance(n.func, ast.Attribute)}
    names |= {k.arg for n in inside for k in n.keywords if k.arg}
    return (
        "autoflush" in names
        or any(n is node for b in _blocks(function) for n in ast.walk(b))
        or (function in _called_unflushed(program))
    )


def _blocks(function: Function) -> Iterable[ast.With | ast.AsyncWith]:
    """`with session.no_autoflush:`"""
    for node in function.own_nodes():
        if isinstance(node, ast.With | ast.AsyncWith):
            given = [i.context_expr for i in node.items]
            if any(isinstance(n, ast.Attribute) and n.attr == "no_autoflush" for n in given):
                yield node


@once
def _called_unflushed(program: Program) -> set[Function]:
    """The functions that are called in such a block, and what these call."""
    called: list[Function] = []
    for function in program.functions:
        nodes = {n for block in _blocks(function) for n in ast.walk(block)}
        called += [callee for callee, n in program.colours.calls_in(function) if n in nodes] if nodes else []
    return program.colours.reached(called)
