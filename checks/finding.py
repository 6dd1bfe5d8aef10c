"""What a check reports."""

from __future__ import annotations

import ast
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from ..analysis import decisions
from ..analysis.source import Site, Source

Node = ast.expr | ast.stmt | ast.arg | ast.alias | ast.keyword | ast.excepthandler
DEFINITIONS = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)


@dataclass(frozen=True, order=True, slots=True)
class Step:
    """One link of the chain that makes a finding true: a place and what happens there."""

    path: str
    line: int
    text: str


@dataclass(frozen=True, order=True, slots=True)
class Finding:
    """Something that must not be, at one place.

    Lines count from 1, columns from 0 in bytes; the end is the place behind the last byte. `function` is the qualified
    name of the function around it ("" at module level); `chain` leads from the place to what makes it true, such as
    down to the database.
    """

    path: str
    line: int
    column: int
    end_line: int
    end_column: int
    code: str
    message: str
    function: str = ""
    chain: tuple[Step, ...] = ()


def finding(
    source: Source, node: Node, code: str, message: str, chain: Iterable[Step | decisions.Step] = ()
) -> Finding:
    """A finding at a node; of a function or class it is the line of its `def` or `class`."""
    site = _heading(source, node) if isinstance(node, DEFINITIONS) else source.site(node)
    steps = tuple(s if isinstance(s, Step) else Step(s.site.path, s.site.line, s.what) for s in chain)
    return Finding(
        site.path,
        site.line,
        site.column,
        site.end_line,
        site.end_column,
        code,
        message,
        function_around(source, node),
        steps,
    )


def function_around(source: Source, node: ast.AST) -> str:
    """The qualified name of the function that a node stands in, or that it defines; "" at module level."""
    return ".".join(reversed(list(_names_around(source, node))))


def _names_around(source: Source, node: ast.AST) -> Iterator[str]:
    inside_function = False
    current: ast.AST | None = node
    while current is not None:
        match current:
            case ast.FunctionDef(name=name) | ast.AsyncFunctionDef(name=name):
                inside_function = True
                yield name
            case ast.ClassDef(name=name) if inside_function:
                yield name
        current = source.parents.get(current)


def _heading(source: Source, node: ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef) -> Site:
    start = source.offset(node.lineno, 0)
    width = len(source.content[start:].split(b"\n", 1)[0].rstrip())
    return Site(source.path, node.lineno, node.col_offset, node.lineno, width)
