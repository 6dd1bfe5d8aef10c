"""Rows that a statement changes past the session: SQL as text, a table's own update, one that says not to synchronise.

The session's objects did not know of it, until the next commit expired them. Now they keep what they have.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from typing import TYPE_CHECKING

from .conversions import Conversion, bulk_values, commits, is_missing, is_refreshed, reads
from .factories import expired_on_commit
from .mapped import Mapped
from .order import dominates, is_certain_behind, may_follow
from .symbols import Function, dotted
from .values import ClassObject, Instance

if TYPE_CHECKING:
    from .program import Program

UPDATE = re.compile(r'\s*UPDATE\s+"?(\w+)"?\s+SET\s+(.*?)(?:\sWHERE\s.*)?$', re.IGNORECASE | re.DOTALL)
ASSIGNED = re.compile(r'(?:^|,)\s*"?(\w+)"?\s*=')
CAUSE = "the session does not see what the statement changes"


def bulk_writes(program: Program) -> Iterator[Conversion]:
    """Where objects are used behind a commit that no longer brings them up to date."""
    for function in program.functions if expired_on_commit(program) else ():
        for node in () if program.stays_sync(function) else function.own_nodes():
            match node:
                case ast.Call(func=ast.Attribute(value=session, attr="execute"), args=[statement, *_]):
                    executed = _statement(function, statement)
                    if _may_change(executed) and program.is_session(program.values(session)):
                        yield from _outdated(program, function, node, executed)


def _statement(function: Function, node: ast.expr) -> ast.expr:
    """What is executed; of a variable that is bound once, its value."""
    if not isinstance(node, ast.Name):
        return node
    stores = [n for n in function.own_nodes() if isinstance(n, ast.Name) and n.id == node.id]
    bound = [function.source.parents.get(n) for n in stores if isinstance(n.ctx, ast.Store)]
    return bound[0].value if len(bound) == 1 and isinstance(bound[0], ast.Assign) else node


def _may_change(statement: ast.expr) -> bool:
    """Is it SQL as text, or an update?"""
    chain = list(_chain(statement))
    return bool(chain) and (dotted(chain[-1].func).rpartition(".")[2] == "text" or _target(chain[-1]) is not None)


def _outdated(program: Program, function: Function, node: ast.Call, statement: ast.expr) -> Iterator[Conversion]:
    """The variables that hold objects of what a statement changes, and are used behind the commit."""
    for owner, mapped in _objects(program, function):
        columns = tuple(name for name in _changed(program, statement, mapped) if name in mapped.columns)
        if not columns or not _is_older(function, owner, node):
            continue
        for commit in list(commits(program, function, owner, node, is_lost=False))[-1:]:
            if _is_there(function, owner, commit) and not is_refreshed(function, owner, columns[0], commit):
                assert isinstance(commit.value, ast.Call)
                assert isinstance(commit.value.func, ast.Attribute)
                yield Conversion(function, node, owner, columns, commit, commit.value.func.value, CAUSE)


def _changed(program: Program, statement: ast.expr, mapped: Mapped) -> Iterator[str]:
    """The columns of a mapped class that a statement changes and the session does not follow."""
    match statement:
        case ast.Call(func=ast.Name(id="text") | ast.Attribute(attr="text"), args=[ast.Constant(value=str(sql))]):
            found = UPDATE.match(sql)
            if found and found[1] == mapped.table:
                yield from ASSIGNED.findall(found[2])
            return
    chain = list(_chain(statement))
    target = _target(chain[-1]) if chain else None
    is_table = isinstance(target, ast.Attribute) and target.attr == "__table__"
    of = target.value if isinstance(target, ast.Attribute) and is_table else target
    is_of_class = of is not None and any(
        isinstance(v, ClassObject) and v.cls == mapped.cls.key for v in program.values(of)
    )
    if is_of_class and (is_table or any(map(_is_not_synchronised, chain))):
        for call in chain:
            if isinstance(call.func, ast.Attribute) and call.func.attr == "values":
                yield from (name for name, _ in bulk_values(call))


def _chain(node: ast.expr | None) -> Iterator[ast.Call]:
    """The calls of `update(Model).where(…).values(…)`, the outermost first."""
    while isinstance(node, ast.Call):
        yield node
        node = node.func.value if isinstance(node.func, ast.Attribute) and not _target(node) else None


def _target(call: ast.Call) -> ast.expr | None:
    """What `update(Model)`, or `table.update()`, changes."""
    match call:
        case ast.Call(func=ast.Name(id="update") | ast.Attribute(attr="update"), args=[target]):
            return target
        case ast.Call(func=ast.Attribute(value=target, attr="update"), args=[]):
            return target
    return None


def _is_not_synchronised(call: ast.Call) -> bool:
    return any(
        k.arg == "synchronize_session" and isinstance(k.value, ast.Constant) and k.value.value is False
        for k in call.keywords
    )


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


def _is_there(function: Function, owner: str, commit: ast.Expr) -> bool:
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
