"""Moving statements further in."""

from __future__ import annotations

import ast
import io
import tokenize
from collections.abc import Iterator, Sequence
from functools import lru_cache

from ..analysis.source import Source
from .edit import Indent

INDENT = "    "


def indent(
    source: Source, statements: Sequence[ast.stmt], more: str = INDENT, first: int | None = None
) -> Iterator[Indent]:
    """The edits that move whole statements in by `more`, from the line `first`; text inside of strings stays."""
    last = statements[-1]
    assert last.end_lineno is not None
    owner = source.offset(statements[0].lineno, 0)
    inside_strings = continued_lines(source)
    for line in range(first or first_line(statements[0]), last.end_lineno + 1):
        if line not in inside_strings and line_text(source, line).strip():
            yield Indent(source.offset(line, 0), more, owner)


def first_line(statement: ast.stmt) -> int:
    """Where a statement begins, its decorators included."""
    decorators: list[ast.expr] = getattr(statement, "decorator_list", [])
    return min([statement.lineno, *(d.lineno for d in decorators)])


def first_comment(source: Source, statement: ast.stmt, behind: int) -> int:
    """Where the comments above a statement begin, or the statement itself; all that on lines behind a line."""
    first = first_line(statement)
    for line in range(first - 1, behind, -1):
        text = line_text(source, line).strip()
        if text.startswith(b"#"):
            first = line
        elif text:
            break
    return first


def line_text(source: Source, line: int) -> bytes:
    """A line without its end."""
    offset = source.offset(line, 0)
    end = source.content.find(b"\n", offset)
    return source.content[offset : end if end >= 0 else None]


def step(source: Source, outer: ast.stmt, body: Sequence[ast.stmt]) -> str:
    """What a statement's body is moved in by."""
    margin, inner = source.indentation(outer), source.indentation(body[0])
    if body[0].lineno != outer.lineno and inner.startswith(margin):
        return inner.removeprefix(margin)
    return "\t" if "\t" in margin else INDENT


@lru_cache(maxsize=16)
def continued_lines(source: Source) -> frozenset[int]:
    """The lines that begin inside a string, where white space is content."""
    found: set[int] = set()
    starts: list[int] = []
    text = source.content.decode("utf-8-sig")
    for token in tokenize.generate_tokens(io.StringIO(text).readline):
        name = tokenize.tok_name[token.type]
        if name in {"FSTRING_START", "TSTRING_START"}:
            starts.append(token.start[0])
        elif name in {"FSTRING_END", "TSTRING_END"}:
            found.update(range(starts.pop() + 1, token.end[0] + 1))
        elif token.type == tokenize.STRING:
            found.update(range(token.start[0] + 1, token.end[0] + 1))
    return frozenset(found)
