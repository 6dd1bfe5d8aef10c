"""Queries for objects that the session has already, behind a commit that no longer brings those up to date."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from typing import TYPE_CHECKING

from .bulk_writes import held, is_older
from .factories import expired_on_commit, flushes_before_queries
from .once import once
from .order import may_follow
from .row_changes import Changed, row_changes
from .stand_ins import is_test_code
from .symbols import Function
from .values import Query, Statement

if TYPE_CHECKING:
    from .program import Program

# What gives no objects, and what brings those that are there up to date already.
OTHERS = frozenset({"count", "delete", "exists", "update", "populate_existing", "with_for_update"})


@once
def queried_again(program: Program) -> dict[ast.Call, Changed]:
    """The queries for objects that a function has already, behind what changed their rows, by where they begin."""
    found: dict[ast.Call, Changed] = {}
    if not (expired_on_commit(program) and flushes_before_queries(program)):
        return found
    for function, changes in row_changes(program).by_function.items():
        for changed in changes:
            is_seen = changed.change.is_followed and not is_test_code(function)
            if changed.is_committed and changed.change.kind == "update" and not is_seen:
                found |= dict.fromkeys(_queries(program, changed), changed)
    return found


def _queries(program: Program, changed: Changed) -> Iterator[ast.Call]:
    function, cls = changed.function, changed.change.cls
    names = {
        n.id
        for n in function.own_nodes()
        if isinstance(n, ast.Name) and any(o.cls == cls for o in held(program, program.values(n)))
    }
    if not any(is_older(function, name, changed.node) for name in names):
        return
    calls = [n for n in function.own_nodes() if isinstance(n, ast.Call) and _begins_query(program, n, cls)]
    for node in calls:
        if may_follow(function.source, changed.node, node) and not _is_done(function, node):
            yield node


def _begins_query(program: Program, node: ast.Call, cls: str) -> bool:
    """Is this `select(Model)`, or `session.query(Model)`?"""
    name = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
    found = [v for v in program.values(node) if isinstance(v, Query | Statement)] if name in {"query", "select"} else []
    return any(e.kind == "entity" and e.cls == cls for v in found for e in v.entities)


def _is_done(function: Function, node: ast.Call) -> bool:
    """Does a query give no objects, or populate those that are there?"""
    parent = function.source.parents.get(node)
    while isinstance(parent, ast.Attribute | ast.Call):
        if isinstance(parent, ast.Attribute) and parent.attr in OTHERS:
            return True
        if isinstance(parent, ast.Call) and any(k.arg == "populate_existing" for k in parent.keywords):
            return True
        parent = function.source.parents.get(parent)
    return False
