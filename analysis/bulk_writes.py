"""Objects whose rows were changed past the session: by SQL as text, an upsert, a statement not to be synchronised.

The session's objects did not know of it, until the next commit expired them. Now they keep what they have.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator
from typing import TYPE_CHECKING

from .bindings import reads, reads_behind
from .conversions import Conversion, is_missing, is_refreshed, settling
from .factories import expired_on_commit
from .mapped import Mapped
from .order import dominates, is_certain_behind, may_follow
from .row_changes import Changed, RowChanges, row_changes
from .session_objects import is_bound, is_of_session, session_of
from .symbols import Function
from .tracing import objects
from .values import Instance, Values

if TYPE_CHECKING:
    from .program import Program

CAUSE = "the session does not see what the statement changes"


def bulk_writes(program: Program) -> Iterator[Conversion]:
    """Where objects are used behind a commit that no longer brings them up to date."""
    if not expired_on_commit(program):
        return
    rows = row_changes(program)
    for function, found in rows.by_function.items():
        outdated: dict[tuple[str, ast.stmt], tuple[ast.expr, set[str]]] = {}
        within: dict[tuple[str, ast.stmt], Changed] = {}
        for changed in found:
            if changed.change.kind == "update" and not changed.change.is_followed:
                for owner, end, columns in _outdated(program, rows, changed):
                    outdated.setdefault((owner, end), (changed.node, set()))[1].update(columns)
                for name, end in _containers(program, rows, changed):
                    within.setdefault((name, end), changed)
        for (owner, end), (node, columns) in outdated.items():
            if columns:
                yield _refreshing(program, function, node, owner, tuple(sorted(columns)), end)
        for (name, end), changed in within.items():
            concern = f"each object in {name} would have to be refreshed"
            yield Conversion(function, changed.node, name, (), end, None, CAUSE, concern=concern)


def _refreshing(
    program: Program, function: Function, node: ast.expr, owner: str, columns: tuple[str, ...], end: ast.stmt
) -> Conversion:
    """What is asked before the refresh: whether there is an object, and whether it is one of the session."""
    session = session_of(program, function, end)
    if session is None:
        concern = "no session is at hand there"
    else:
        concern = "" if is_bound(function, owner, end) else f"{owner} may not have been bound there"
    conditions: list[str] = []
    if session is not None and not concern:
        if not _is_there(function, owner, end):
            conditions.append(f"{owner} is not None")
        if not is_of_session(program, function, owner, session, end):
            conditions.append(f"{owner} in {function.source.text(session)}")
    return Conversion(function, node, owner, columns, end, session, CAUSE, tuple(conditions), concern)


def _outdated(program: Program, rows: RowChanges, changed: Changed) -> Iterator[tuple[str, ast.stmt, set[str]]]:
    """The variables that hold objects of what is changed, where that is committed, and the columns."""
    function = changed.function
    for owner, mapped in _objects(program, function):
        if mapped.cls.key == changed.change.cls and is_older(function, owner, changed.node):
            for end in settling(function, owner, list(rows.ends(changed))):
                known = changed.change.columns
                columns = set(_read_columns(function, owner, end, mapped)) if known is None else set(known)
                yield owner, end, {c for c in columns if not is_refreshed(function, owner, c, end)}


def _containers(program: Program, rows: RowChanges, changed: Changed) -> Iterator[tuple[str, ast.stmt]]:
    """The variables that hold several such objects, and are read behind where that is committed."""
    function, cls = changed.function, changed.change.cls
    names = {n.id: program.values(n) for n in function.own_nodes() if isinstance(n, ast.Name)}
    for name, values in names.items():
        is_one = any(isinstance(v, Instance) and program.mapped(v.cls) for v in values)
        is_held = not is_one and any(o.cls == cls for o in held(program, values))
        if is_held and is_older(function, name, changed.node):
            for end in settling(function, name, list(rows.ends(changed))):
                if any(not _is_counted(function, n) for n in reads_behind(function, name, end)):
                    yield name, end


def _is_counted(function: Function, node: ast.Name) -> bool:
    """`len(rows)`, which reads nothing of them."""
    match function.source.parents.get(node):
        case ast.Call(func=ast.Name(id="len")):
            return True
    return False


def _read_columns(function: Function, owner: str, end: ast.stmt, mapped: Mapped) -> Iterator[str]:
    """The columns that are read of an object behind a statement."""
    for node in reads_behind(function, owner, end):
        match function.source.parents.get(node):
            case ast.Attribute(attr=name) if name in mapped.columns:
                yield name


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


def held(program: Program, values: Values) -> Iterator[Instance]:
    """The mapped objects among values and within them."""
    return objects(values, lambda cls: program.mapped(cls) is not None)


def is_older(function: Function, owner: str, node: ast.expr) -> bool:
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
