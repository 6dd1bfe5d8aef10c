"""Calls of what is async now are awaited; `with`, `for` and generators follow.

    user = load(db)                   user = await load(db)
    with session_scope() as db:  ->   async with session_scope() as db:
    for row in rows(db):              async for row in rows(db):
    db = next(get_db())               db = await anext(get_db())
"""

from __future__ import annotations

import ast
from collections.abc import Iterator

from ..analysis.colours import AsyncSite
from ..analysis.decisions import Confidence, Decision, Status
from ..analysis.program import Program
from ..analysis.source import Source
from .awaiting import list_instead_of_generator, wrap_await
from .edit import Edit, Replace, Wrap
from .thread_calls import on_the_loop
from .with_items import async_with

NAME = "await-calls"
KINDS = {
    "await": "await the call",
    "with": "enter with `async with`",
    "for": "loop with `async for`",
    "next": "take the next with `await anext`",
    "collect": "collect with an async comprehension",
    "yield from": "yield from with `async for`",
    "thread": "await it on the loop instead of calling it in a thread",
}
IMPOSSIBLE = {
    "construct": "a constructor can't await; build the object in an async class method instead",
    "property": "a property can't be awaited; make it a method and call it",
}


def decide(program: Program) -> Iterator[Decision]:
    """One decision for each site that needs `await`, `async with` or `async for`."""
    seen: set[tuple[ast.expr, str]] = set()
    for site in program.colours.sites():
        if (site.node, site.kind) in seen or not (site.kind in KINDS or site.kind in IMPOSSIBLE):
            continue
        seen.add((site.node, site.kind))
        if program.is_async_after(site.function) and not site.function.is_lambda:
            yield _decision(program, site)


def _decision(program: Program, site: AsyncSite) -> Decision:
    source = site.function.source
    concern = IMPOSSIBLE.get(site.kind, "")
    status = Status.DECLINED if concern else Status.DONE
    if not concern and _is_in_lambda_or_default(source, site.node):
        status, concern = Status.DECLINED, "an `await` can't stand here"
    elif site.confidence is not Confidence.HIGH:
        concern = "the receiver's class is not known; its method was recognised by its name"
    return Decision(
        NAME,
        source.site(site.node),
        KINDS.get(site.kind, site.what),
        status,
        site.confidence,
        concern,
        program.colours.site_chain(site),
        site.function.qualname,
        {"kind": site.kind, "items": _async_items(program, site) if site.kind == "with" else []},
        site.node,
    )


def _async_items(program: Program, site: AsyncSite) -> list[int]:
    """Which items of a `with` become async."""
    statement = enclosing(site.function.source, site.node, ast.With)
    if not isinstance(statement, ast.With):
        return []
    wanted = {s.node for s in program.colours.sites_of(site.function) if s.kind in {"with", "client"}}
    return [i for i, item in enumerate(statement.items) if item.context_expr in wanted]


def _is_in_lambda_or_default(source: Source, node: ast.AST) -> bool:
    child, parent = node, source.parents.get(node)
    while parent is not None and not isinstance(parent, ast.FunctionDef | ast.AsyncFunctionDef | ast.Module):
        if isinstance(parent, ast.Lambda | ast.ClassDef):
            return True
        child, parent = parent, source.parents.get(parent)
    return isinstance(parent, ast.FunctionDef) and child is parent.args


def rewrite(decision: Decision, program: Program) -> Iterator[Edit]:
    """The edits of one site."""
    node = decision.node
    assert isinstance(node, ast.expr)
    source = program.sources[decision.site.path]
    match decision.data["kind"]:
        case "await":
            if not isinstance(source.parents.get(node), ast.Await):
                yield from wrap_await(source, node)
        case "with":
            yield from async_with(source, node, decision.data["items"])
        case "for":
            yield from async_for(source, node)
        case "next":
            assert isinstance(node, ast.Call)
            yield Replace(*source.span(node.func), "anext")
            yield from wrap_await(source, node)
        case "collect":
            yield from collect(source, node)
        case "yield from":
            yield from _yield_from(source, node)
        case "thread":
            assert isinstance(node, ast.Call)
            yield from on_the_loop(program, source, node)


def enclosing(source: Source, node: ast.AST, kind: type[ast.stmt]) -> ast.stmt | None:
    """The nearest statement of a kind around a node."""
    statement: ast.AST | None = node
    while statement is not None and not isinstance(statement, kind):
        statement = source.parents.get(statement)
    return statement


def _async_keyword(source: Source, node: ast.AST, kind: type[ast.stmt]) -> Iterator[Edit]:
    """`async` in front of the statement that a `with` item or a loop's iterable belongs to."""
    statement = enclosing(source, node, kind)
    if statement is not None:
        start = source.span(statement)[0]
        yield Replace(start, start, "async ")


def async_for(source: Source, node: ast.expr) -> Iterator[Edit]:
    """The edits that loop over an expression with `async for`, in a statement or a comprehension."""
    parent = source.parents.get(node)
    if isinstance(parent, ast.comprehension):
        yield from _async_comprehension(source, parent)
    else:
        yield from _async_keyword(source, node, ast.For)


def _async_comprehension(source: Source, comprehension: ast.comprehension) -> Iterator[Edit]:
    target = source.span(comprehension.target)[0]
    start = source.content.rindex(b"for", 0, target)
    yield Replace(start, start, "async ")
    yield from list_instead_of_generator(source, comprehension.target)


def collect(source: Source, node: ast.expr) -> Iterator[Edit]:
    """`list(rows())` -> `[row async for row in rows()]`, and the like in front of any other collecting call."""
    assert isinstance(node, ast.Call)
    argument = node.args[-1]
    start, end = source.span(argument)
    name = node.func.id if isinstance(node.func, ast.Name) else ""
    if name == "list" and len(node.args) == 1 and not node.keywords:
        yield Replace(source.span(node)[0], start, "[item async for item in ")
        yield Replace(end, source.span(node)[1], "]")
    else:
        yield Wrap(start, end, "[item async for item in ", "]")


def _yield_from(source: Source, node: ast.expr) -> Iterator[Edit]:
    assert isinstance(node, ast.YieldFrom)
    statement = source.parents.get(node)
    start, value = source.span(node)[0], source.span(node.value)
    if isinstance(statement, ast.Expr):
        inner = source.indentation(statement) + "    "
        yield Replace(start, value[0], "async for item in ")
        yield Replace(value[1], source.span(statement)[1], f":\n{inner}yield item")
