"""`with` statements of which some items become async and others do not: they are nested, in their order."""

from __future__ import annotations

import ast
import io
import tokenize
from collections.abc import Iterator, Sequence
from itertools import groupby

from ..analysis.source import Source
from .edit import Edit, Replace

INDENT = "    "


def async_with(source: Source, node: ast.AST, items: Sequence[int]) -> Iterator[Edit]:
    """The edits of a `with` statement around `node`, whose items with the indices `items` become async."""
    statement: ast.AST | None = node
    while not isinstance(statement, ast.With):
        assert statement is not None
        statement = source.parents.get(statement)
    start = source.span(statement)[0]
    groups = [(is_async, list(g)) for is_async, g in groupby(range(len(statement.items)), lambda i: i in items)]
    if len(groups) == 1:
        yield Replace(start, start, "async ")
        return
    # Only the first site of a statement writes it: edits that say the same are one.
    if groups[0][0]:
        yield Replace(start, start, "async ")
    indentation = source.indentation(statement)
    for level, (is_async, members) in enumerate(groups[1:], 1):
        before = _item_end(source, statement.items[members[0] - 1])
        after = source.span(statement.items[members[0]].context_expr)[0]
        keyword = "async with " if is_async else "with "
        yield Replace(before, after, f":\n{indentation}{INDENT * level}{keyword}")
    yield from _without_parentheses(source, statement)
    yield from _indent(source, statement, INDENT * (len(groups) - 1))


def _without_parentheses(source: Source, statement: ast.With) -> Iterator[Edit]:
    """`with (a, b):` can't be split inside its parentheses."""
    first, end = source.span(statement.items[0].context_expr)[0], _item_end(source, statement.items[-1])
    colon = source.content.index(b":", end)
    opening = source.content.rfind(b"(", source.span(statement)[0], first)
    closing = source.content.rfind(b")", end, colon)
    if opening >= 0 and closing >= 0:
        yield Replace(opening, first, "")
        yield Replace(end, closing + 1, "")


def _item_end(source: Source, item: ast.withitem) -> int:
    return source.span(item.optional_vars or item.context_expr)[1]


def _indent(source: Source, statement: ast.With, more: str) -> Iterator[Edit]:
    first, last = statement.body[0], statement.body[-1]
    assert last.end_lineno is not None
    if first.lineno == statement.lineno:
        return
    inside_strings = _continued_lines(source)
    lines = source.content.split(b"\n")
    for line in range(first.lineno, last.end_lineno + 1):
        if line not in inside_strings and lines[line - 1].strip():
            offset = source.offset(line, 0)
            yield Replace(offset, offset, more)


def _continued_lines(source: Source) -> set[int]:
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
    return found
