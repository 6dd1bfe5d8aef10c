"""Objects whose rows were changed past the session: by SQL as text, an upsert, a statement not to be synchronised.

The session's objects did not know of it, until the next commit expired them. Now they keep what they have.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator
from typing import TYPE_CHECKING

from .bindings import reads, reads_behind
from .conversions import Conversion, is_missing, is_refreshed, settling
from .factories import expired_on_commit, flushes_before_queries
from .mapped import Mapped
from .once import once
from .order import dominates, is_certain_behind, may_follow
from .row_changes import Changed, RowChanges, row_changes
from .stand_ins import is_test_code
from .symbols import Function
from .tracing import objects
from .values import Instance, Query, Statement, Values

if TYPE_CHECKING:
    from .program import Program

CAUSE = "the session does not see what the statement changes"
# What gives no objects, and what brings those that are there up to date already.
OTHERS = frozenset({"count", "delete", "exists", "update", "populate_existing", "with_for_update"})


def bulk_writes(program: Program) -> Iterator[Conversion]:
    """Where objects are used behind a commit that no longer brings them up to date."""
    if not expired_on_commit(program):
        return
    rows = row_changes(program)
    for function, found in rows.by_function.items():
        outdated: dict[tuple[str, ast.stmt], tuple[ast.expr, set[str]]] = {}
        for changed in found:
            if changed.change.kind == "update" and not changed.change.is_followed:
                for owner, end, columns in _outdated(program, rows, changed):
                    outdated.setdefault((owner, end), (changed.node, set()))[1].update(columns)
        for (owner, end), (node, columns) in outdated.items():
            if columns and (session := session_of(program, function, end)):
                names = tuple(sorted(columns))
                yield Conversion(function, node, owner, names, end, session, CAUSE)


def _outdated(program: Program, rows: RowChanges, changed: Changed) -> Iterator[tuple[str, ast.stmt, set[str]]]:
    """The variables that hold objects of what is changed, where that is committed, and the columns."""
    function = changed.function
    for owner, mapped in _objects(program, function):
        if mapped.cls.key == changed.change.cls and _is_older(function, owner, changed.node):
            ends = [end for end in rows.ends(changed) if _is_there(function, owner, end)]
            for end in settling(function, owner, ends):
                known = changed.change.columns
                columns = set(_read_columns(function, owner, end, mapped)) if known is None else set(known)
                yield owner, end, {c for c in columns if not is_refreshed(function, owner, c, end)}


def _read_columns(function: Function, owner: str, end: ast.stmt, mapped: Mapped) -> Iterator[str]:
    """The columns that are read of an object behind a statement."""
    for node in reads_behind(function, owner, end):
        match function.source.parents.get(node):
            case ast.Attribute(attr=name) if name in mapped.columns:
                yield name


def session_of(program: Program, function: Function, end: ast.stmt) -> ast.expr | None:
    """The session that commits, or else the one that the function is given."""
    nodes = [n for n in ast.walk(end) if isinstance(n, ast.Call)] + function.own_nodes()
    for node in nodes:
        match node:
            case ast.Call(func=ast.Attribute(value=ast.Name() | ast.Attribute() as session)):
                if program.is_session(program.values(session)):
                    return session
    return None


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
        if isinstance(n, ast.Name) and any(o.cls == cls for o in _held(program, program.values(n)))
    }
    if not any(_is_older(function, name, changed.node) for name in names):
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


def _held(program: Program, values: Values) -> Iterator[Instance]:
    """The mapped objects among values and within them."""
    return objects(values, lambda cls: program.mapped(cls) is not None)


def _objects(program: Program, function: Function) -> Iterator[tuple[str, Mapped]]:
    """The variables of a function that hold mapped objects."""
    found: set[tuple[str, str]] = set()
    for node in function.own_nodes():
        if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Load):
            for value in program.values(node):
                mapped = program.mapped(value.cls) if isinstance(value, Instance) else None
                if mapped is not None and (node.id, mapped.cls.key) not in found:
                    found.add((node.id, mapped.cls.key))
                    yield node.id, mapped


def _is_older(function: Function, owner: str, node: ast.expr) -> bool:
    """Has the variable its object before the statement?"""
    stores = [n for n in function.own_nodes() if isinstance(n, ast.Name) and n.id == owner]
    bound = [n for n in stores if isinstance(n.ctx, ast.Store)]
    is_parameter = any(p.arg == owner for p in function.parameters())
    return (is_parameter and not bound) or any(may_follow(function.source, n, node) for n in bound)


def _is_there(function: Function, owner: str, commit: ast.stmt) -> bool:
    """Is it surely an object, and not None: is it read before the commit or always behind it, or asked about?"""
    source = function.source
    attributes = [a for n in reads(function, owner) if isinstance(a := source.parents.get(n), ast.Attribute)]
    if any(dominates(source, a, commit) or is_certain_behind(source, commit, a) for a in attributes):
        return True
    return any(
        isinstance(n, ast.If)
        and is_missing(n.test, owner)
        and isinstance(n.body[-1], ast.Return | ast.Raise)
        and dominates(source, n.test, commit)
        for n in function.own_nodes()
    )
