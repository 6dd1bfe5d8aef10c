"""Calls of what is async now are awaited; `with`, `for` and generators follow.

user = load(db)                   user = await load(db)
with session_scope() as db:  ->   async with session_scope() as db:
for row in rows(db):              async for row in rows(db):
db = next(get_db())               db = await anext(get_db())
"""

from __future__ import annotations

import ast
from collections import defaultdict
from collections.abc import Iterator
from typing import TypeGuard

from ..analysis.async_sites import AsyncSite
from ..analysis.decisions import Confidence, Decision, Status
from ..analysis.program import Program
from ..analysis.seen import SeenCall, gaps
from ..analysis.source import Site, Source
from ..analysis.surroundings import is_in_lambda_or_default
from ..analysis.values import Awaitable, External
from .async_def import RENAMED
from .awaiting import wrap_await
from .carried import LEFT
from .edit import Edit, Replace
from .entry_bodies import called_by_its_body
from .imports import request
from .open_calls import await_if_awaitable
from .running_through import async_for, call_method, collect, entered, kept_generator, take_next, yield_from
from .thread_calls import on_the_loop
from .with_items import async_with

NAME = "await-calls"
KINDS = {
    "await": "await the call",
    "wrapped": "await what the decorator was given",
    "either": "await what it gives where that can be awaited",
    "with": "enter with `async with`",
    "for": "loop with `async for`",
    "next": "take the next with `await anext`",
    "collect": "collect with an async comprehension",
    "yield from": "yield from with `async for`",
    "plain yield from": "yield from with a loop",
    "generator method": "await the method of the async generator",
    "thread": "await it on the loop instead of calling it in a thread",
    "property": "await the property",
    "forgotten": "await the coroutine",
}
DROPPED = "nobody holds the generator: it would close what it gave while that is in use; open the session here instead"
# A generator that is made for a `with` statement, which can end it.
ENTERED = "with"
FORGOTTEN = "nobody awaited {}, so that it never ran; now it does"


def decide(program: Program) -> Iterator[Decision]:
    """One decision for each site that needs `await`, `async with` or `async for`."""
    seen: set[tuple[ast.expr, str]] = set()
    for site in [*program.colours.sites(), *_plain_yields(program), *_forgotten(program)]:
        if (site.node, site.kind) in seen or site.kind not in KINDS:
            continue
        seen.add((site.node, site.kind))
        if program.colours.can_await(site.function, site.node) and not site.function.is_lambda:
            yield _decision(program, site)
    for uneven in _by_call(program):
        yield _uneven(*uneven)
    yield from (_unknown(call) for call in gaps(program))


def _by_call(program: Program) -> Iterator[tuple[list[AsyncSite], str]]:
    """The calls that reach what becomes async and functions that stay sync, with the reason of these."""
    found: defaultdict[tuple[ast.expr, str], list[AsyncSite]] = defaultdict(list)
    for site, boundary in program.colours.uneven():
        found[site.node, boundary.why].append(site)
    yield from ((sites, why) for (_, why), sites in found.items())


def _uneven(sites: list[AsyncSite], why: str) -> Decision:
    site = sites[0]
    first, *others = (s.callee.qualname for s in sites if s.callee)
    named, verb = (f"{first} or {len(others)} more", "stay") if others else (first, "stays")
    return Decision(
        NAME,
        site.function.source.site(site.node),
        f"call {named} or what becomes async",
        Status.DECLINED,
        concern=f"what is called may be {named}, which {verb} sync: {why}",
        function=site.function.qualname,
        node=site.node,
    )


def _unknown(call: SeenCall) -> Decision:
    """What a recording saw, and nothing of the code says."""
    what = f"calls {call.callee.qualname}, which becomes async" if call.callee else "sends SQL"
    return Decision(
        NAME,
        Site(call.function.source.path, call.line, 0, call.line, 0),
        LEFT,
        Status.DECLINED,
        Confidence.LOW,
        f"the recording saw that this {what}, through something that is not known",
        function=call.function.qualname,
    )


def _plain_yields(program: Program) -> Iterator[AsyncSite]:
    """`yield from` of what stays sync, which no async generator can hold."""
    for function in program.colours.reasons:
        running_through = {site.node for site in program.colours.sites_of(function)}
        for node in function.own_nodes():
            if isinstance(node, ast.YieldFrom) and node not in running_through:
                yield AsyncSite(function, node, "plain yield from", None, "yields from what stays sync")


def _forgotten(program: Program) -> Iterator[AsyncSite]:
    """Coroutines that a sync function made and could not await."""
    for function in program.colours.reasons:
        awaited = {site.node for site in program.colours.sites_of(function)}
        for node in function.own_nodes():
            match node:
                case ast.Expr(value=ast.Call() as call) if call not in awaited:
                    if any(isinstance(v, Awaitable) for v in program.values(call)):
                        yield AsyncSite(function, call, "forgotten", None, "makes a coroutine")


def _decision(program: Program, site: AsyncSite) -> Decision:
    source = site.function.source
    concern, status = "", Status.DONE
    if is_in_lambda_or_default(source, site.node):
        status, concern = Status.DECLINED, "an `await` can't stand here"
    elif site.kind == "next" and _is_dropped(site):
        status, concern = Status.DECLINED, DROPPED
    elif site.confidence is not Confidence.HIGH and site.kind != "either":
        concern = "the receiver's class is not known; its method was recognised by its name"
    elif site.kind == "forgotten":
        concern = FORGOTTEN.format(program.short(source, site.node))
    return Decision(
        NAME,
        source.site(site.node),
        KINDS.get(site.kind, site.what),
        status,
        site.confidence,
        concern,
        program.colours.site_chain(site),
        site.function.qualname,
        {"kind": site.kind, "items": _async_items(program, site) if site.kind == "with" else []}
        | ({"entry": site.callee.key} if site.callee and site.callee in program.colours.split else {})
        | ({"generator": _held_generator(site)} if site.kind == "next" else {}),
        site.node,
    )


def _held_generator(site: AsyncSite) -> str:
    """The name that a generator gets which is made here and would otherwise end while what it gave is in use."""
    node, callee = site.node, site.callee
    if site.kind != "next" or callee is None or not (isinstance(node, ast.Call) and isinstance(node.args[0], ast.Call)):
        return ""
    has_end = any(isinstance(n, ast.Try | ast.With) for n in callee.own_nodes())
    if has_end and isinstance(site.function.source.parents[node], ast.withitem):
        return ENTERED
    return kept_generator(site.function.source, node) or DROPPED if has_end else ""


def _is_dropped(site: AsyncSite) -> bool:
    """Does nobody hold such a generator, or not for as long as what it gave?"""
    name = _held_generator(site)
    returned = {n.value.id for n in site.function.own_nodes() if isinstance(n, ast.Return) and _is_name(n.value)}
    return name == DROPPED or name.removesuffix("_generator") in returned


def _is_name(node: ast.expr | None) -> TypeGuard[ast.Name]:
    return isinstance(node, ast.Name)


def _async_items(program: Program, site: AsyncSite) -> list[int]:
    """Which items of a `with` become async."""
    source = site.function.source
    statement = source.parents[source.parents[site.node]]
    assert isinstance(statement, ast.With)
    wanted = {s.node for s in program.colours.sites_of(site.function) if s.kind in {"with", "client"}}
    return [i for i, item in enumerate(statement.items) if item.context_expr in wanted]


def rewrite(decision: Decision, program: Program) -> Iterator[Edit]:
    """The edits of one site."""
    node = decision.node
    assert isinstance(node, ast.expr)
    source = program.sources[decision.site.path]
    match decision.data["kind"]:
        case "property" | "forgotten":
            yield from wrap_await(source, node)
        case "await" | "wrapped":
            if not isinstance(source.parents.get(node), ast.Await):
                yield from wrap_await(source, node)
            yield from _renamed(source, node)
            if "entry" in decision.data:
                assert isinstance(node, ast.Call)
                yield from called_by_its_body(source, node.func, program.function(decision.data["entry"]))
        case "either":
            assert isinstance(node, ast.Call)
            function = program.function_at(source, node)
            taken = {n.id for n in function.own_nodes() if isinstance(n, ast.Name)} if function else set()
            yield from await_if_awaitable(source, node, taken)
        case "with":
            yield from async_with(source, node, decision.data["items"])
            yield from _closing(program, source, node)
        case "for":
            yield from async_for(source, node)
        case "next":
            assert isinstance(node, ast.Call)
            generator = decision.data["generator"]
            yield from entered(source, node) if generator == ENTERED else take_next(source, node, generator)
        case "collect":
            yield from collect(source, node)
        case "yield from" | "plain yield from" as kind:
            assert isinstance(node, ast.YieldFrom)
            yield from yield_from(source, node, is_async=kind == "yield from")
        case "generator method":
            assert isinstance(node, ast.Call)
            yield from call_method(source, node)
        case "thread":
            assert isinstance(node, ast.Call)
            yield from on_the_loop(program, source, node)


def _renamed(source: Source, node: ast.expr) -> Iterator[Edit]:
    """`super().__exit__()` -> `super().__aexit__()`."""
    if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr in RENAMED:
        end = source.span(node.func)[1]
        yield Replace(end - len(node.func.attr), end, RENAMED[node.func.attr])


def _closing(program: Program, source: Source, node: ast.expr) -> Iterator[Edit]:
    """`closing(session)` -> `aclosing(session)`."""
    if isinstance(node, ast.Call) and External("contextlib.closing") in program.values(node.func):
        text, wanted = request(source, "contextlib", "aclosing", at=node)
        yield Replace(*source.span(node.func), text)
        if wanted:
            yield wanted
