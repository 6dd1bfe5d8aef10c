"""Statements of a module's body: where they begin, and how a new definition is put in front of one."""

from __future__ import annotations

import ast
from collections.abc import Collection
from itertools import chain, count

from ..analysis.source import Source
from .edit import Replace
from .scopes import scopes


def top_statement(source: Source, node: ast.AST) -> ast.stmt:
    """The statement of the module's body that a node stands in."""
    while not isinstance(source.parents[node], ast.Module):
        node = source.parents[node]
    assert isinstance(node, ast.stmt)
    return node


def first_line(source: Source, statement: ast.stmt) -> int:
    """The first line of a statement, with its decorators and the comment above it."""
    decorators = getattr(statement, "decorator_list", [])
    line: int = min([statement.lineno, *(d.lineno for d in decorators)])
    lines = source.content.split(b"\n")
    while line > 1 and lines[line - 2].startswith(b"#"):
        line -= 1
    return line


def blank_lines(source: Source, line: int) -> str:
    """What is missing of two blank lines above a line."""
    above = source.content[: source.offset(line, 0)].decode().replace("\r", "")
    present = len(above) - len(above.rstrip("\n")) - 1 if above.strip() else 2
    return "\n" * max(2 - present, 0)


def definition_before(source: Source, statement: ast.stmt, text: str) -> Replace:
    """The edit that puts a function or class in front of a statement of the module's body."""
    line = first_line(source, statement)
    at = source.offset(line, 0)
    return Replace(at, at, f"{blank_lines(source, line)}{text}\n\n")


def free_name(source: Source, name: str, taken: Collection[str] = ()) -> str:
    """A name that means nothing in any scope of a file yet, nor is among those `taken`."""
    numbered = (f"{name}_{number}" for number in count(2))
    known = scopes(source).all
    return next(n for n in chain([name], numbered) if n not in taken and not any(s.binds(n) for s in known))


def returns_none(source: Source) -> str:
    """`-> None`, where the file says what its functions return."""
    functions = [n for n in ast.walk(source.tree) if isinstance(n, ast.FunctionDef | ast.AsyncFunctionDef)]
    return " -> None" if not functions or any(f.returns for f in functions) else ""
