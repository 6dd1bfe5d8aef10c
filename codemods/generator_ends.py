"""An async generator ends with StopAsyncIteration: who takes its items one by one and waits for the end catches that.

try:                           try:
    row = next(rows)               row = await anext(rows)
except StopIteration:     ->   except StopAsyncIteration:
    return None                    return None
"""

from __future__ import annotations

import ast
from collections.abc import Iterator

from ..analysis.decisions import Decision
from ..analysis.program import Program
from ..analysis.symbols import Function
from .edit import Edit, Replace

NAME = "generator-ends"
ENDED = {"next", "generator method"}


def decide(program: Program) -> Iterator[Decision]:
    """One decision for each name of the exception around what takes the next item."""
    sites = [s for s in program.colours.sites() if s.kind in ENDED and program.is_async_after(s.function)]
    for function in dict.fromkeys(s.function for s in sites):
        taking = {s.node for s in sites if s.function is function}
        for node in function.own_nodes():
            if isinstance(node, ast.Try | ast.With) and any(n in taking for s in node.body for n in ast.walk(s)):
                yield from (_decision(function, name, _is_mixed(node, taking)) for name in _names(node))


def _decision(function: Function, name: ast.Name, is_mixed: bool) -> Decision:
    site = function.source.site(name)
    data = {"mixed": is_mixed}
    return Decision(NAME, site, "expect StopAsyncIteration", function=function.qualname, data=data, node=name)


def _names(node: ast.Try | ast.With) -> Iterator[ast.Name]:
    """`StopIteration` where a handler, `pytest.raises()` or `suppress()` names it."""
    if isinstance(node, ast.Try):
        caught = [h.type for h in node.handlers if h.type is not None]
    else:
        calls = [i.context_expr for i in node.items if isinstance(i.context_expr, ast.Call)]
        caught = [a for call in calls for a in call.args]
    for expression in caught:
        for part in expression.elts if isinstance(expression, ast.Tuple) else [expression]:
            if isinstance(part, ast.Name) and part.id == "StopIteration":
                yield part


def _is_mixed(node: ast.Try | ast.With, taking: set[ast.expr]) -> bool:
    """Does the body take items of plain iterators too?"""
    calls = [n for s in node.body for n in ast.walk(s) if isinstance(n, ast.Call) and n not in taking]
    return any(isinstance(c.func, ast.Name) and c.func.id == "next" for c in calls)


def rewrite(decision: Decision, program: Program) -> Iterator[Edit]:
    """Write the other exception's name, or both."""
    node = decision.node
    assert isinstance(node, ast.Name)
    source = program.sources[decision.site.path]
    text = "StopAsyncIteration"
    if decision.data["mixed"]:
        text = f"StopIteration, {text}" if isinstance(source.parents[node], ast.Tuple) else f"(StopIteration, {text})"
    yield Replace(*source.span(node), text)
