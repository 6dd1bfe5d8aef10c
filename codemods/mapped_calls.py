"""`map()` and `filter()` over functions that are async now become comprehensions.

names = list(map(load, keys))            ->   names = [await load(item) for item in keys]
total = sum(map(partial(size, db), keys))   ->   total = sum([await size(db, item) for item in keys])
"""

from __future__ import annotations

import ast
from collections.abc import Iterator

from ..analysis.decisions import Decision
from ..analysis.program import Program
from ..analysis.source import Source
from ..analysis.values import External
from .awaiting import list_instead_of_generator
from .edit import Edit, Replace
from .running_through import DISPLAYS

NAME = "mapped-calls"


def decide(program: Program) -> Iterator[Decision]:
    """A decision for each call of `map` or `filter`."""
    seen: set[ast.expr] = set()
    for site in program.colours.sites():
        if site.kind == "map" and site.node not in seen and program.is_async_after(site.function):
            seen.add(site.node)
            yield Decision(
                NAME,
                site.function.source.site(site.node),
                "await it in a comprehension",
                why=program.colours.site_chain(site),
                function=site.function.qualname,
                node=site.node,
            )


def rewrite(decision: Decision, program: Program) -> Iterator[Edit]:
    """The edits of one call."""
    node = decision.node
    assert isinstance(node, ast.Call)
    source = program.sources[decision.site.path]
    outer, opening, closing = _display(source, node)
    function, items = node.args
    start, end = source.span(outer)
    if External("filter") in program.values(node.func):
        name, condition = source.text(items), f"{source.text(function)}(item)"
        yield Replace(start, end, f"{opening}item for item in {name} if await {condition}{closing}")
    else:
        yield from _mapped(source, function, items, (start, end), (opening, closing))
    yield from list_instead_of_generator(source, outer)


def _mapped(
    source: Source, function: ast.expr, items: ast.expr, span: tuple[int, int], brackets: tuple[str, str]
) -> Iterator[Edit]:
    """`map(function, items)` -> `[await function(item) for item in items]`, to the last byte of the span."""
    called, target, call = function, "item", "(item)"
    if isinstance(function, ast.Lambda):
        called, target, call = function.body, function.args.args[0].arg, ""
    elif isinstance(function, ast.Call):
        called, bound = function.args[0], function.args[1:]
        if bound:
            yield Replace(source.span(called)[1], source.span(bound[0])[0], "(")
            call = ", item)"
    yield Replace(span[0], source.span(called)[0], f"{brackets[0]}await ")
    last = function.args[-1] if isinstance(function, ast.Call) and len(function.args) > 1 else called
    yield Replace(source.span(last)[1], source.span(items)[0], f"{call} for {target} in ")
    yield Replace(source.span(items)[1], span[1], brackets[1])


def _display(source: Source, node: ast.Call) -> tuple[ast.Call, str, str]:
    """What becomes the comprehension: `map(…)`, or the `list(map(…))` around it; and its brackets."""
    parent = source.parents.get(node)
    if isinstance(parent, ast.Call) and isinstance(parent.func, ast.Name) and parent.args == [node]:
        opening, closing = DISPLAYS.get(parent.func.id, ("", ""))
        if opening and not parent.keywords:
            return parent, opening, closing
    return node, "[", "]"
