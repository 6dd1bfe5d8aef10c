"""`with` statements of which some items become async and others do not: they are nested, in their order."""

from __future__ import annotations

import ast
from collections.abc import Iterator, Sequence
from itertools import groupby

from ..analysis.source import Source
from .edit import Edit, Replace
from .indenting import INDENT, indent


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
    if statement.body[0].lineno != statement.lineno:
        yield from indent(source, statement.body, INDENT * (len(groups) - 1))


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
