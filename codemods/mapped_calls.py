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
        item, before, after = _item(node), *_around(items)
        iterable, condition = f"{before}{source.text(items)}{after}", f"{source.text(function)}({item})"
        yield Replace(start, end, f"{opening}{item} for {item} in {iterable} if await {condition}{closing}")
    else:
        yield from _mapped(source, node, (start, end), (opening, closing))
    yield from list_instead_of_generator(source, outer)


def _item(call: ast.Call) -> str:
    """A name for one of the items that the call does not use itself."""
    used = {n.id for n in ast.walk(call) if isinstance(n, ast.Name)}
    return next(name for name in ("item", "each", "element", "_item") if name not in used)


def _around(items: ast.expr) -> tuple[str, str]:
    """The brackets that an iterable needs behind `in`."""
    return ("(", ")") if isinstance(items, ast.IfExp | ast.Lambda | ast.NamedExpr) else ("", "")


def _mapped(source: Source, node: ast.Call, span: tuple[int, int], brackets: tuple[str, str]) -> Iterator[Edit]:
    """`map(function, items)` -> `[await function(item) for item in items]`, to the last byte of the span."""
    function, items = node.args
    item, (before, after) = _item(node), _around(items)
    called, target, call = function, item, f"({item})"
    if isinstance(function, ast.Lambda):
        called, target, call = function.body, function.args.args[0].arg, ""
    elif isinstance(function, ast.Call):
        called, bound = function.args[0], function.args[1:]
        if bound:
            yield Replace(source.span(called)[1], source.span(bound[0])[0], "(")
            call = f", {item})"
    yield Replace(span[0], source.span(called)[0], f"{brackets[0]}await ")
    last = function.args[-1] if isinstance(function, ast.Call) and len(function.args) > 1 else called
    yield Replace(source.span(last)[1], source.span(items)[0], f"{call} for {target} in {before}")
    yield Replace(source.span(items)[1], span[1], f"{after}{brackets[1]}")


def _display(source: Source, node: ast.Call) -> tuple[ast.Call, str, str]:
    """What becomes the comprehension: `map(…)`, or the `list(map(…))` around it; and its brackets."""
    parent = source.parents.get(node)
    if isinstance(parent, ast.Call) and isinstance(parent.func, ast.Name) and parent.args == [node]:
        opening, closing = DISPLAYS.get(parent.func.id, ("", ""))
        if opening and not parent.keywords:
            return parent, opening, closing
    return node, "[", "]"
