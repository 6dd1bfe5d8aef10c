"""The arguments of a call: some taken out, some put in, in the layout that the call has."""

from __future__ import annotations

import ast
from collections.abc import Iterator, Sequence

from ..analysis.source import Source
from .edit import Replace

Argument = ast.expr | ast.keyword


def arguments(call: ast.Call) -> list[Argument]:
    """All arguments in the order in which they are written."""
    return sorted([*call.args, *call.keywords], key=lambda a: (a.lineno, a.col_offset))


def keyword(call: ast.Call, name: str) -> ast.keyword | None:
    """The keyword argument of a name."""
    return next((k for k in call.keywords if k.arg == name), None)


def argument(call: ast.Call, name: str, position: int | None = 0) -> ast.expr | None:
    """The argument that a call passes by name, or else by position; None where it passes none."""
    found = keyword(call, name)
    if found is not None:
        return found.value
    plain = not any(isinstance(a, ast.Starred) for a in call.args)
    return call.args[position] if plain and position is not None and len(call.args) > position else None


def is_false(node: ast.expr) -> bool:
    """Is this the literal?"""
    return isinstance(node, ast.Constant) and node.value is False


def change(source: Source, call: ast.Call, dropped: Sequence[Argument], added: Sequence[str]) -> Iterator[Replace]:
    """The edits that take arguments out and put new ones behind the rest; a new one takes the place of an old."""
    dropped, added = list(dropped), list(added)
    while dropped and added:
        yield Replace(*source.span(dropped.pop()), added.pop(0))
    kept = [a for a in arguments(call) if a not in dropped]
    if dropped:
        yield from _removed(source, call, dropped, bool(kept))
    if added:
        yield from _appended(source, call, kept, ", ".join(added), added)


def _removed(source: Source, call: ast.Call, dropped: Sequence[Argument], keeps_some: bool) -> Iterator[Replace]:
    every = arguments(call)
    if not keeps_some:
        yield Replace(_open(source, call) + 1, source.span(call)[1] - 1, "")
        return
    previous: Argument | None = None
    pending: list[Argument] = []
    for item in every:
        if item in dropped:
            pending.append(item)
            continue
        if pending:
            yield from _run_removed(source, previous, pending, item)
        previous, pending = item, []
    if pending:
        yield from _run_removed(source, previous, pending, None)


def _run_removed(
    source: Source, previous: Argument | None, dropped: Sequence[Argument], following: Argument | None
) -> Iterator[Replace]:
    start, end = source.span(dropped[0])[0], source.span(dropped[-1])[1]
    if following is not None:
        yield Replace(start, source.span(following)[0], "")
        return
    lines = _whole_lines(source, start, end)
    if lines is not None:
        yield Replace(*lines, "")
        return
    assert previous is not None
    yield Replace(source.span(previous)[1], end, "")


def _whole_lines(source: Source, start: int, end: int) -> tuple[int, int] | None:
    """The lines that hold a span and nothing else but a comma and a comment."""
    first = source.offset(source.position(start)[0], 0)
    last = source.content.find(b"\n", end)
    if last < 0 or source.content[first:start].strip():
        return None
    rest = source.content[end:last].strip().removeprefix(b",").strip()
    return (first, last + 1) if not rest or rest.startswith(b"#") else None


def _appended(
    source: Source, call: ast.Call, kept: Sequence[Argument], line: str, texts: Sequence[str]
) -> Iterator[Replace]:
    closing = source.span(call)[1] - 1
    if not kept:
        at = _open(source, call) + 1
        yield Replace(at, at, line)
        return
    start, end = source.span(kept[-1])
    end, comma = _end_and_comma(source, end, closing)
    indentation = source.content[source.offset(source.position(start)[0], 0) : start]
    is_one_a_line = not indentation.strip() and source.position(closing)[0] > source.position(end)[0]
    if not is_one_a_line:
        if comma is None:
            yield Replace(end, end, f", {line}")
        else:
            yield Replace(comma, comma, f" {line},")
        return
    behind = source.content.find(b"\n", comma or end)
    behind -= source.content[behind - 1 : behind] == b"\r"
    lines = ",".join(f"\n{indentation.decode()}{t}" for t in texts)
    if comma is not None:
        yield Replace(behind, behind, f"{lines},")
    elif behind == end:
        yield Replace(end, end, f",{lines}")
    else:
        yield Replace(end, end, ",")
        yield Replace(behind, behind, lines)


def _open(source: Source, call: ast.Call) -> int:
    """The offset of a call's opening parenthesis."""
    return source.content.index(b"(", source.span(call.func)[1])


def _end_and_comma(source: Source, start: int, end: int) -> tuple[int, int | None]:
    """Where an argument ends, parentheses around it included, and the offset behind its comma, if it has one."""
    position = last = start
    while position < end:
        character = source.content[position : position + 1]
        if character == b"#":
            position = source.content.index(b"\n", position)
        elif character == b",":
            return last, position + 1
        elif character == b")":
            last = position + 1
        position += 1
    return last, None
