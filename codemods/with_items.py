"""`with` statements of which some items become async and others do not: they are nested, in their order."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator, Sequence
from itertools import groupby, pairwise
from typing import NamedTuple

from ..analysis.source import Source
from .edit import Edit, Replace
from .indenting import INDENT, first_comment, indent, step

# What stands between the last item and the body where the items are in parentheses.
_CLOSING = re.compile(rb"(?:[\s,]|#[^\n]*\n)*\)\s*:")


def async_with(source: Source, node: ast.AST, items: Sequence[int]) -> Iterator[Edit]:
    """The edits of a `with` statement around `node`, whose items with the indices `items` become async."""
    statement: ast.AST | None = node
    while not isinstance(statement, ast.With):
        assert statement is not None
        statement = source.parents.get(statement)
    start = source.span(statement)[0]
    groups = _groups(statement, items)
    if len(groups) == 1:
        yield Replace(start, start, "async ")
        return
    # Only the first site of a statement writes it: edits that say the same are one.
    if groups[0].is_async:
        yield Replace(start, start, "async ")
    more = step(source, statement, statement.body)
    yield from _nested(source, statement, groups, more)
    if statement.body[0].lineno != statement.lineno:
        header = source.position(_item_end(source, statement.items[-1]))[0]
        first = first_comment(source, statement.body[0], header)
        yield from indent(source, statement.body, more * (len(groups) - 1), first)


class _Group(NamedTuple):
    """Items in a row, `members`, that one `with` enters; `level` others stand around it."""

    level: int
    is_async: bool
    members: list[int]


def _groups(statement: ast.With, items: Sequence[int]) -> list[_Group]:
    grouped = groupby(range(len(statement.items)), lambda i: i in items)
    return [_Group(level, is_async, list(members)) for level, (is_async, members) in enumerate(grouped)]


def own_margin(source: Source, statement: ast.With, items: Sequence[int], node: ast.AST) -> str | None:
    """What stands in front of the `with` that `async_with` writes for one item alone; None where it shares its own."""
    groups = _groups(statement, items)
    for group in groups:
        if [statement.items[i].context_expr for i in group.members] == [node]:
            if len(groups) == 1 and _opening(source, statement) >= 0:
                return None
            return source.indentation(statement) + step(source, statement, statement.body) * group.level
    return None


def _opening(source: Source, statement: ast.With) -> int:
    """Where the parenthesis in front of the first item is, or may be; -1 for none."""
    return source.content.find(b"(", source.span(statement)[0], source.span(statement.items[0].context_expr)[0])


def _nested(source: Source, statement: ast.With, groups: list[_Group], more: str) -> Iterator[Edit]:
    """The edits between the items: a `with` for each group, in parentheses where its items are lines of their own."""
    first, end = source.span(statement.items[0].context_expr)[0], _item_end(source, statement.items[-1])
    found, opening = _CLOSING.match(source.content, end), _opening(source, statement)
    is_parenthesised = opening >= 0 and found is not None
    carried, closing = "", ""
    for group in groups:
        margin = source.indentation(statement) + more * group.level
        keeps = is_parenthesised and _spans_lines(source, statement, group.members)
        member = source.span(statement.items[group.members[0]].context_expr)[0]
        if group.level:
            before = _item_end(source, statement.items[group.members[0] - 1])
            keyword = "async with " if group.is_async else "with "
            inside = f"(\n{margin}{INDENT}" if keeps else ""
            carried += _comments(source, before, member)
            yield Replace(before, member, f"{closing}:{carried}\n{margin}{keyword}{inside}")
            carried = ""
        elif is_parenthesised and not keeps:
            carried = _comments(source, opening, first)
            yield Replace(opening, first, "")
        closing = f",\n{margin})" if keeps else ""
        if keeps and group.level:
            yield from _moved(source, statement, group.members, f"\n{margin}{INDENT}")
    if is_parenthesised and found is not None:
        yield Replace(end, found.end(), f"{closing}:{_comments(source, end, found.end())}")


def _spans_lines(source: Source, statement: ast.With, members: Sequence[int]) -> bool:
    return any("\n" in source.content[a:b].decode() for a, b in _gaps(source, statement, members))


def _gaps(source: Source, statement: ast.With, members: Sequence[int]) -> Iterator[tuple[int, int]]:
    for one, other in pairwise(members):
        yield _item_end(source, statement.items[one]), source.span(statement.items[other].context_expr)[0]


def _moved(source: Source, statement: ast.With, members: Sequence[int], margin: str) -> Iterator[Edit]:
    for start, end in _gaps(source, statement, members):
        yield Replace(start, end, re.sub(r"\n[ \t]*", margin, source.content[start:end].decode()))


def _comments(source: Source, start: int, end: int) -> str:
    """The comments between two items, where nothing else can hold a `#`."""
    return "".join(f"  {c.decode().rstrip()}" for c in re.findall(rb"#[^\n]*", source.content[start:end]))


def _item_end(source: Source, item: ast.withitem) -> int:
    return source.span(item.optional_vars or item.context_expr)[1]
