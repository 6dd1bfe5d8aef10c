"""`f(a)` -> `await asyncio.to_thread(f, a)`; `f(g(a))` -> `await asyncio.to_thread(lambda: f(g(a)))`."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator

from ..analysis.source import Source
from .awaiting import wrap_await
from .edit import Edit, Replace, Wrap
from .imports import request

_SPACE = re.compile(rb"\s*")


def lambda_in_a_thread(source: Source, node: ast.expr, *, as_list: bool) -> Iterator[Edit]:
    """The edits that evaluate an expression in a thread and await it; with `as_list` what it runs through is listed."""
    asyncio, wanted = request(source, "asyncio", at=node)
    if wanted:
        yield wanted
    begin, end = ("list(", "))") if as_list else ("", ")")
    yield Wrap(*source.span(node), f"{asyncio}.to_thread(lambda: {begin}", end, rank=-1)
    yield from wrap_await(source, node)


def in_a_thread(source: Source, node: ast.Call) -> Iterator[Edit]:
    """The edits that make a call in a thread and await it; the layout of its arguments stays."""
    asyncio, wanted = request(source, "asyncio", at=node)
    if wanted:
        yield wanted
    start, end = source.span(node.func)
    opening = source.content.index(b"(", end)
    space = _SPACE.match(source.content, opening + 1)
    assert space is not None
    if not (node.args or node.keywords):
        yield Wrap(start, end, f"{asyncio}.to_thread(", ")")
        yield Replace(end, source.span(node)[1], "")
    elif node.args and source.span(node.args[0])[0] == opening:
        # A generator expression that is the only argument shares its brackets with the call.
        yield Wrap(start, end, f"{asyncio}.to_thread(", ", ")
        yield Replace(end, opening, "")
        yield Wrap(*source.span(node.args[0]), "", ")")
    elif b"\n" in space[0]:
        yield Wrap(start, end, f"{asyncio}.to_thread({space[0].decode()}", ",")
        yield Replace(end, opening + 1, "")
    elif source.content[space.end() : space.end() + 1] == b"#":
        yield Wrap(start, end, f"{asyncio}.to_thread(", ",")
        yield Replace(end, opening + 1, "")
    else:
        yield Wrap(start, end, f"{asyncio}.to_thread(", ", ")
        yield Replace(end, space.end(), "")
    yield from wrap_await(source, node)
