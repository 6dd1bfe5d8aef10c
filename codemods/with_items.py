"""`with` statements of which some items become async and others do not: they are nested, in their order."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator, Sequence
from itertools import groupby
from typing import NamedTuple

from ..analysis.source import Source
from .edit import Edit, Replace
from .indenting import first_comment, indent, step

# What stands between the last item and the body where the items are in parentheses.
_CLOSING = re.compile(rb"(?:[\s,]|#[^\n]*\n)*\)\s*:")


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
    indentation, more = source.indentation(statement), step(source, statement, statement.body)
    noted = _without_parentheses(source, statement)
    yield from noted.edits
    for level, (is_async, members) in enumerate(groups[1:], 1):
        before = _item_end(source, statement.items[members[0] - 1])
        after = source.span(statement.items[members[0]].context_expr)[0]
        comments = noted.leading * (level == 1) + _comments(source, before, after)
        keyword = "async with " if is_async else "with "
        yield Replace(before, after, f":{comments}\n{indentation}{more * level}{keyword}")
    if statement.body[0].lineno != statement.lineno:
        header = source.position(_item_end(source, statement.items[-1]))[0]
        first = first_comment(source, statement.body[0], header)
        yield from indent(source, statement.body, more * (len(groups) - 1), first)


class _Unwrapped(NamedTuple):
    """How parentheses around all items go, and the comments that stood in front of the first."""

    edits: list[Edit]
    leading: str


def _without_parentheses(source: Source, statement: ast.With) -> _Unwrapped:
    """`with (a, b):` can't be split inside its parentheses."""
    start, first = source.span(statement)[0], source.span(statement.items[0].context_expr)[0]
    end = _item_end(source, statement.items[-1])
    found = _CLOSING.match(source.content, end)
    opening = source.content.find(b"(", start, first)
    if opening < 0 or found is None:
        return _Unwrapped([], "")
    closed = Replace(end, found.end(), f":{_comments(source, end, found.end())}")
    return _Unwrapped([Replace(opening, first, ""), closed], _comments(source, opening, first))


def _comments(source: Source, start: int, end: int) -> str:
    """The comments between two items, where nothing else can hold a `#`."""
    return "".join(f"  {c.decode().rstrip()}" for c in re.findall(rb"#[^\n]*", source.content[start:end]))


def _item_end(source: Source, item: ast.withitem) -> int:
    return source.span(item.optional_vars or item.context_expr)[1]
