"""Local names for a session or the like that nothing reads any more, once the queries that began with them do not."""

from __future__ import annotations

import ast
from collections.abc import Iterator

from ..analysis.source import Source
from .edit import apply
from .removal import without_all

_DEFINITIONS = (ast.FunctionDef, ast.AsyncFunctionDef)
# Who calls one of these reads every name.
_READING_ALL = frozenset({"locals", "vars", "eval", "exec", "dir"})


def without_unread(before: Source, after: bytes) -> bytes:
    """The bytes of a rewritten file without `db = self.db` where the file read that name before, and does not now."""
    read = {_key(function, statement) for function, statement in _plain(before) if _is_read(function, statement)}
    if not read:
        return after
    source = before.changed(after)
    unread = [s for f, s in _plain(source) if _key(f, s) in read and not _is_read(f, s)]
    return apply(after, list(without_all(source, unread))) if unread else after


def _plain(source: Source) -> Iterator[tuple[ast.AST, ast.Assign]]:
    """The statements that only give another name to a name or attribute, each with the innermost function around it."""
    for node in source.nodes:
        if isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Name) and _is_dotted(node.value):
            around: ast.AST | None = node
            while around is not None and not isinstance(around, (*_DEFINITIONS, ast.ClassDef)):
                around = source.parents.get(around)
            if len(node.targets) == 1 and isinstance(around, _DEFINITIONS):
                yield around, node


def _is_dotted(node: ast.expr) -> bool:
    while isinstance(node, ast.Attribute):
        node = node.value
    return isinstance(node, ast.Name)


def _key(function: ast.AST, statement: ast.Assign) -> tuple[str, str]:
    assert isinstance(function, _DEFINITIONS)
    return function.name, ast.unparse(statement)


def _is_read(function: ast.AST, statement: ast.Assign) -> bool:
    """Does anything but plain assignments touch the name?"""
    target = statement.targets[0]
    assert isinstance(target, ast.Name)
    for node in ast.walk(function):
        match node:
            case ast.Name(id=name, ctx=ast.Load()) if name == target.id or name in _READING_ALL:
                return True
            case ast.Name(id=name) if name == target.id and node is not target:
                return True
            case ast.Global(names=names) | ast.Nonlocal(names=names) if target.id in names:
                return True
    return False
