"""Calls that were made in a thread are made on the loop, when what they call is async."""

from __future__ import annotations

import ast
from collections.abc import Iterator

from ..analysis.program import Program
from ..analysis.source import Source
from ..analysis.threads import handed_function, handing_call
from .awaiting import wrap_await
from .direct_calls import call_directly
from .edit import Edit, Replace, Wrap


def on_the_loop(program: Program, source: Source, node: ast.Call) -> Iterator[Edit]:
    """`await asyncio.to_thread(f, a)` -> `await f(a)`, and the like."""
    handing = handing_call(program, node)
    function = handed_function(program, handing) if handing else None
    assert handing is not None
    assert function is not None
    position = handing.args.index(function)
    yield from call_directly(program, source, handing, function, [*handing.args[position + 1 :], *handing.keywords])
    if handing is not node:  # `pool.submit(f, a).result()`
        yield Replace(source.span(handing)[1], source.span(node)[1], "")
        yield from wrap_await(source, node)
    elif position and not isinstance(source.parents.get(node), ast.Await):
        # An executor begins at once, whether or not somebody waits.
        assert isinstance(handing.func, ast.Attribute)
        yield Wrap(*source.span(node), f"{source.text(handing.func.value)}.create_task(", ")")
