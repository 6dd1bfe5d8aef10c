"""Column properties: attributes whose value the database computes.

A flush leaves them unknown, and the next read asks for them, implicitly: behind it they are refreshed where a read
follows in the same function, or where the object is handed on and somebody reads them.
"""

from __future__ import annotations

import ast
from collections import defaultdict
from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING

from .conversions import Conversion, is_refreshed
from .mapped import Mapped
from .order import may_follow
from .symbols import Function
from .values import Instance

if TYPE_CHECKING:
    from .program import Program

SENDING = frozenset({"flush", "commit"})
CAUSE = "a value that the database computes"


def computed_values(program: Program) -> Iterator[Conversion]:
    """Where computed values have to be asked for behind a flush."""
    if not any(mapped.computed for mapped in program.interpreter.objects.mapped.known.values()):
        return
    read = _read_names(program)
    for function in program.functions:
        sending = [] if program.stays_sync(function) else list(_sending(program, function))
        if sending:
            yield from _in_function(program, function, sending, read)


def _read_names(program: Program) -> frozenset[str]:
    """The names of attributes that code reads, and of the fields of schemas."""
    nodes = (node for source in program.sources.values() for node in source.nodes)
    return frozenset(name for node in nodes if (name := _read_name(node)))


def _read_name(node: ast.AST) -> str:
    match node:
        case ast.Attribute(attr=name, ctx=ast.Load()) | ast.AnnAssign(target=ast.Name(id=name)):
            return name
    return ""


def _sending(program: Program, function: Function) -> Iterator[ast.Expr]:
    for node in function.own_nodes():
        match node:
            case ast.Expr(value=ast.Call(func=ast.Attribute(value=session, attr=attr))) if attr in SENDING:
                if program.is_session(program.values(session)):
                    yield node


def _in_function(
    program: Program, function: Function, sending: Iterable[ast.Expr], read: frozenset[str]
) -> Iterator[Conversion]:
    needed: defaultdict[tuple[str, ast.Expr], dict[str, ast.expr]] = defaultdict(dict)
    for node in function.own_nodes():
        if not (isinstance(node, ast.Name) and isinstance(node.ctx, ast.Load)):
            continue
        before = [s for s in sending if s.lineno < node.lineno and may_follow(function.source, s, node)]
        for name in sorted(n for mapped in _mapped(program, node) for n in mapped.computed) if before else ():
            if _is_read(function, node, name, read):
                needed[node.id, max(before, key=lambda s: s.lineno)].setdefault(name, node)
    for (owner, statement), columns in needed.items():
        names = tuple(name for name in columns if not is_refreshed(function, owner, name, statement))
        match statement.value:
            case ast.Call(func=ast.Attribute(value=session)) if names:
                yield Conversion(function, columns[names[0]], owner, names, statement, session, CAUSE)


def _mapped(program: Program, node: ast.Name) -> Iterator[Mapped]:
    for value in program.values(node):
        if isinstance(value, Instance) and (mapped := program.mapped(value.cls)):
            yield mapped


def _is_read(function: Function, node: ast.Name, name: str, read: frozenset[str]) -> bool:
    """Is the attribute read here, or the object handed on, of which somebody reads it?"""
    match function.source.parents[node]:
        case ast.Attribute(attr=attribute):
            return attribute == name
        case ast.Return() | ast.Call() | ast.keyword() | ast.List() | ast.Tuple() | ast.Dict():
            return name in read and not _is_session_call(function, node)
    return False


def _is_session_call(function: Function, node: ast.Name) -> bool:
    call = function.source.parents[node]
    return isinstance(function.source.parents.get(call), ast.Expr)
