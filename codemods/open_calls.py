"""Calls of what may be sync or async: what they give is awaited where it can be.

job = pickle.loads(data) if data else default        job = pickle.loads(data) if data else default
job(db)                                         ->   result = job(db)
                                                     if inspect.isawaitable(result):
                                                         await result
"""

from __future__ import annotations

import ast
from collections.abc import Iterator

from ..analysis.source import Source
from .awaiting import wrap_await
from .blocks import stands_alone
from .edit import Edit, Replace, Wrap
from .imports import request
from .indenting import INDENT

NAMES = ("result", "outcome", "awaitable")


def await_if_awaitable(source: Source, node: ast.Call, taken: set[str]) -> Iterator[Edit]:
    """The edits of a call, which give what it gives; `taken` are names that are in use there."""
    statement = source.parents[node]
    name = next((n for n in NAMES if n not in taken), "")
    match statement:
        case ast.Assign(targets=[ast.Name(id=target)]) if stands_alone(source, statement):
            before, kept, after = "", target, ""
        case ast.Expr() if name and stands_alone(source, statement):
            before, kept, after = f"{name} = ", "", ""
        case ast.Return() if name and stands_alone(source, statement):
            before, kept, after = f"{name} = ", name, f"return {name}"
        case _:
            yield from _inside(source, node, name)
            return
    margin = source.indentation(statement)
    inspect, wanted = request(source, "inspect", None, at=node)
    text = f"\n{margin}if {inspect}.isawaitable({kept or name}):\n{margin}{INDENT}{f'{kept} = ' if kept else ''}"
    text += f"await {kept or name}" + (f"\n{margin}{after}" if after else "")
    start, end = source.span(statement)
    if isinstance(statement, ast.Return):
        yield Replace(start, source.span(node)[0], "")
    yield Wrap(start, end, before, text, 9)
    if wanted:
        yield wanted


def _inside(source: Source, node: ast.Call, name: str) -> Iterator[Edit]:
    """The edits of a call that is part of something else."""
    if not name:
        yield from wrap_await(source, node)
        return
    inspect, wanted = request(source, "inspect", None, at=node)
    before, after = f"(await {name} if {inspect}.isawaitable({name} := ", f") else {name})"
    yield Wrap(*source.span(node), before, after, 9)
    if wanted:
        yield wanted
