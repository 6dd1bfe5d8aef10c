"""An exit stack that holds something async becomes an `AsyncExitStack`.

with ExitStack() as stack:                        async with AsyncExitStack() as stack:
    db = stack.enter_context(session_scope())  ->     db = await stack.enter_async_context(session_scope())
    stack.callback(connection.close)                  stack.push_async_callback(connection.close)
"""

from __future__ import annotations

import ast
from collections.abc import Iterator

from ..analysis.async_sites import AsyncSite
from ..analysis.decisions import Decision
from ..analysis.library import library
from ..analysis.origins import class_names
from ..analysis.program import Program
from ..analysis.stacks import HOLDING, holding_method
from .awaiting import wrap_await
from .carried import Work, carried, decided
from .edit import Edit, Replace
from .imports import request

NAME = "exit-stacks"


def decide(program: Program) -> Iterator[Decision]:
    """A decision for each place that names such a stack's class, gives it something, or closes it."""
    for source, node, cls in class_names(program, program.colours.stacks.held):
        module, _, name = library().classes[cls].on_loop.rpartition(".")
        text, wanted = request(source, module, name, at=node)
        edits: list[Edit] = [Replace(*source.span(node), text), *([wanted] if wanted else [])]
        yield decided(program, NAME, Work(source, node, f"becomes {name}", edits))
    seen: set[ast.expr] = set()
    for site in program.colours.sites():
        is_stack = site.kind in {"stack", "stack end"} and site.node not in seen
        if is_stack and program.is_async_after(site.function) and not site.function.is_lambda:
            seen.add(site.node)
            work = Work(site.function.source, site.node, "use the stack's async method", list(_call(program, site)))
            yield decided(program, NAME, work, program.colours.site_chain(site))


def _call(program: Program, site: AsyncSite) -> Iterator[Edit]:
    node, source = site.node, site.function.source
    assert isinstance(node, ast.Call)
    assert isinstance(node.func, ast.Attribute)
    method = holding_method(program, node)
    end = source.span(node.func)[1]
    yield Replace(end - len(node.func.attr), end, HOLDING.get(method, "aclose"))
    if method in {"enter_context", ""}:
        yield from wrap_await(source, node)


def rewrite(decision: Decision, program: Program) -> Iterator[Edit]:
    """The edits that were worked out when the decision was made."""
    yield from carried(decision)
