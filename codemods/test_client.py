"""`TestClient` becomes `httpx.AsyncClient` on the same event loop as the rest of the test.

    @pytest.fixture                       @pytest.fixture
    def client():                         async def client():
        with TestClient(app) as c:            async with (
            yield c                  ->           LifespanManager(app) as manager,
                                                  AsyncClient(transport=ASGITransport(app=manager.app), …) as c,
                                              ):
                                                  yield c

What a TestClient does by default and an AsyncClient does not is written down: the base URL, and that redirects are
followed. The application's lifespan runs where the client was entered as a context manager, as before. A client that
opens websockets, or whose application has nothing to do with what becomes async, stays a TestClient.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator

from ..analysis.async_sites import AsyncSite
from ..analysis.clients import Client
from ..analysis.decisions import Decision, Status
from ..analysis.program import Program
from ..analysis.source import Source
from ..analysis.symbols import Function
from ..analysis.values import Instance
from .client_classes import NOT_UNDERSTOOD, class_decisions, class_edits, has_own_constructor
from .client_making import DROPPED, Names, enter, given, is_understood, make, start
from .client_uses import application, decision, use_decisions, use_edits
from .edit import Edit, Replace
from .with_items import async_with

NAME = "test-client"
LIFESPAN = "asgi-lifespan>=2.1"


def decide(program: Program) -> Iterator[Decision]:
    """A decision for each test client that is made or entered, and for what is different in the use of one."""
    made = {c.node: c for c in program.colours.clients.made}
    for client in made.values():
        yield _made(program, client)
    for site in program.colours.sites():
        if site.kind == "client" and site.node not in made:
            yield _entered(program, site)
    yield from use_decisions(program)
    yield from class_decisions(program)


def _made(program: Program, client: Client) -> Decision:
    function, node = client.function, client.node
    clients = program.colours.clients
    if why := clients.why_sync(node):
        return decision(function, node, "", "stays a TestClient", Status.KEPT, why)
    sites = [s for s in program.colours.sites_of(function) if s.node is node]
    site = next((s for s in sites if s.kind == "client"), None)
    if has_own_constructor(program, node):
        return _entered(program, site) if site else decision(function, node, "", "made as before")
    if not is_understood(node):
        return decision(function, node, "", "left a TestClient", Status.DECLINED, NOT_UNDERSTOOD)
    dropped = " and ".join(sorted(DROPPED & set(given(node))))
    concern = f"{dropped}: an AsyncClient runs on the loop of its test" if dropped else ""
    if any(s.kind == "start" for s in sites):
        action = "start the application, and make an AsyncClient"
        return decision(function, node, "make and start", action, concern=concern, needs=[LIFESPAN])
    if site is None:
        return decision(function, node, "make", "an AsyncClient", concern=concern)
    if not clients.has_lifespan(client):
        return decision(function, node, "make", "an AsyncClient", concern=concern, items=_async_items(program, site))
    return decision(
        function, node, "make and enter", "an AsyncClient, inside the application's lifespan", concern=concern,
        items=_async_items(program, site), needs=[LIFESPAN],
    )  # fmt: skip


def _entered(program: Program, site: AsyncSite) -> Decision:
    """`with client:`, of a client that was made elsewhere."""
    app = application(program, site.function, program.colours.clients.at(site.node))
    concern = "" if app else "the application's lifespan has to run around it, in a LifespanManager of asgi-lifespan"
    return decision(
        site.function, site.node, "enter", "enter the client with `async with`", concern=concern,
        items=_async_items(program, site), needs=[LIFESPAN],
    )  # fmt: skip


def _async_items(program: Program, site: AsyncSite) -> list[int]:
    """Which items of the `with` around a site become async."""
    statement = with_around(site.function.source, site.node)
    wanted = {s.node for s in program.colours.sites_of(site.function) if s.kind in {"with", "client"}}
    return [i for i, item in enumerate(statement.items) if item.context_expr in wanted]


def with_around(source: Source, node: ast.expr) -> ast.With:
    """The `with` statement of which an expression is an item."""
    statement = source.parents[source.parents[node]]
    assert isinstance(statement, ast.With)
    return statement


def _lifespan_in_front(program: Program, function: Function, node: ast.expr) -> Iterator[Edit]:
    """`with client:` -> `async with LifespanManager(app):`, and the client too where something is made of that."""
    app = application(program, function, program.colours.clients.at(node))
    if app is not None:
        names = Names(function.source, node)
        start, end = function.source.span(node)
        lifespan = f"{names('asgi_lifespan', 'LifespanManager')}({app[0]})"
        is_entered = _is_more_than_lifespan(program, function.source, node)
        yield Replace(start, start, f"{lifespan}, ") if is_entered else Replace(start, end, lifespan)
        yield from names.imports
        if app[1]:
            yield app[1]


def _is_more_than_lifespan(program: Program, source: Source, node: ast.expr) -> bool:
    """Is anything made of entering a client, which an AsyncClient refuses when it was used before?"""
    item = source.parents[node]
    assert isinstance(item, ast.withitem)
    classes = {v.cls for v in program.values(node) if isinstance(v, Instance)}
    has_own = any(program.methods(cls, "__enter__") for cls in classes)
    return item.optional_vars is not None or has_own or not isinstance(node, ast.Name | ast.Attribute)


def rewrite(decision: Decision, program: Program) -> Iterator[Edit]:
    """The edits of one site."""
    source = program.sources[decision.site.path]
    node = decision.node
    assert isinstance(node, ast.expr)
    items: list[int] = decision.data.get("items", [])
    if items:
        yield from async_with(source, node, items)
    match decision.data["kind"]:
        case "make":
            assert isinstance(node, ast.Call)
            yield from make(program, source, node)
        case "make and start":
            assert isinstance(node, ast.Call)
            function = program.function_at(source, node)
            assert function is not None
            yield from start(program, source, node, function)
        case "make and enter":
            assert isinstance(node, ast.Call)
            yield from enter(program, source, node, with_around(source, node), items)
        case "enter":
            function = program.function_at(source, node)
            assert function is not None
            yield from _lifespan_in_front(program, function, node)
        case "class":
            yield from class_edits(source, node)
        case kind:
            yield from use_edits(program, source, node, kind)
