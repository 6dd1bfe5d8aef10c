"""Blocks: the statements of a body, and the lines that they share."""

from __future__ import annotations

import ast

from ..analysis.source import Source
from .edit import Replace
from .indenting import INDENT


def block_of(source: Source, statement: ast.stmt) -> list[ast.stmt]:
    """The list of statements that a statement belongs to."""
    for _, value in ast.iter_fields(source.parents[statement]):
        if isinstance(value, list) and statement in value:
            return list(value)
    raise AssertionError(f"{source.path}:{statement.lineno}: a statement without a block")


def stands_alone(source: Source, statement: ast.stmt) -> bool:
    """Does the statement have its lines to itself?"""
    start, end = source.span(statement)
    before = source.content[source.offset(statement.lineno, 0) : start]
    behind = source.content[end:].partition(b"\n")[0]
    return not before.strip() and behind.strip()[:1] in {b"", b"#"}


def own_lines(source: Source, statement: ast.stmt) -> tuple[str, list[Replace]]:
    """The margin of a statement, and the edits that give each statement of its block on its line a line of its own."""
    on_line = [s for s in block_of(source, statement) if s.lineno == statement.lineno]
    start_of_line = source.offset(statement.lineno, 0)
    line = source.content[start_of_line : source.span(statement)[0]]
    margin, breaks = line[: len(line) - len(line.lstrip())].decode().replace("\f", ""), []
    for each in on_line:
        start = source.span(each)[0]
        before = source.content[start_of_line:start].rstrip()
        if before.endswith(b":"):
            margin += INDENT
        if before:
            breaks.append(Replace(start_of_line + len(before) - before.endswith(b";"), start, f"\n{margin}"))
    return margin, breaks
