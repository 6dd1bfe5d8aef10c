"""What is spelt differently in the use of a client that became an `AsyncClient`."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from typing import Any

from ..analysis.application_factories import bound
from ..analysis.clients import CLIENT, Client
from ..analysis.decisions import Confidence, Decision, Status
from ..analysis.program import Program
from ..analysis.source import Source
from ..analysis.symbols import Function, dotted
from ..analysis.unstarted_clients import is_own
from ..analysis.values import ClassObject, Value
from .awaiting import wrap_await
from .edit import Edit, Import, Replace
from .imports import request
from .removal import without
from .running_through import async_for, collect
from .scopes import scopes

CODEMOD = "test-client"
# How the body of a streamed response is read.
READS = {
    "iter_lines": "aiter_lines", "iter_text": "aiter_text", "iter_bytes": "aiter_bytes", "iter_raw": "aiter_raw",
    "read": "aread", "close": "aclose",
}  # fmt: skip


def decision(
    function: Function,
    node: ast.expr,
    kind: str,
    action: str,
    status: Status = Status.DONE,
    concern: str = "",
    **data: Any,
) -> Decision:
    """A decision on an expression."""
    return Decision(
        CODEMOD, function.source.site(node), action, status, concern=concern, function=function.qualname,
        confidence=Confidence.MEDIUM if concern else Confidence.HIGH, data={"kind": kind, **data}, node=node,
    )  # fmt: skip


# Deciding


def use_decisions(program: Program) -> Iterator[Decision]:
    """A decision for each use of a converted client that must be written otherwise."""
    clients = program.colours.clients
    for function in program.functions:
        if program.stays_sync(function):
            continue
        for node in function.own_nodes():
            match node:
                case ast.Call(func=ast.Attribute(value=receiver)) if clients.is_converted(program.values(receiver)):
                    yield from _call(function, node)
                case ast.Attribute(attr="app", value=receiver) if clients.is_converted(program.values(receiver)):
                    yield _app(program, function, node)
                case ast.With(items=items):
                    for item in items:
                        yield from _stream(program, function, item, node)
        yield from _annotations(program, function)


def _call(function: Function, node: ast.Call) -> Iterator[Decision]:
    assert isinstance(node.func, ast.Attribute)
    if node.func.attr == "close":
        yield decision(function, node.func, "close", "close the client with `aclose`")
    if any(k.arg == "allow_redirects" for k in node.keywords):
        yield decision(function, node, "redirects", "`allow_redirects` is `follow_redirects` in httpx")


def _app(program: Program, function: Function, node: ast.Attribute) -> Decision:
    named = application(program, function, program.colours.clients.at(node.value))
    if named and (named[0] not in bound(function.body) or _naming(function, node, named[0])):
        return decision(function, node, "app", "name the application itself: an AsyncClient has no `app`")
    concern = "an AsyncClient has no `app`; take the application from where it is made"
    return decision(function, node, "", "left as it is", Status.DECLINED, concern)


def _naming(function: Function, node: ast.Attribute, name: str) -> ast.Assign | None:
    """`app = client.app` or `app = cast(FastAPI, client.app)`, where nothing else gives the function such a name."""
    above = function.source.parents[node]
    match above:
        case ast.Call(func=called, args=[_, given]) if given is node and dotted(called).rpartition(".")[2] == "cast":
            above = function.source.parents[above]
    names = [n for n in function.own_nodes() if isinstance(n, ast.Name) and n.id == name]
    stores = [n for n in names if not isinstance(n.ctx, ast.Load)]
    match above:
        case ast.Assign(targets=[target]) if stores == [target]:
            return above
    return None


def _stream(program: Program, function: Function, item: ast.withitem, statement: ast.With) -> Iterator[Decision]:
    """`with client.stream(…) as response:`: the response is read with the methods of their async names."""
    match item:
        case ast.withitem(
            context_expr=ast.Call(func=ast.Attribute(value=receiver, attr="stream")), optional_vars=ast.Name(id=name)
        ) if program.colours.clients.is_converted(program.values(receiver)):
            for node in (n for part in statement.body for n in ast.walk(part)):
                match node:
                    case ast.Call(func=ast.Attribute(value=ast.Name(id=n), attr=attr)) if n == name and attr in READS:
                        yield decision(function, node, "read", f"read the streamed response with `{READS[attr]}`")


def _annotations(program: Program, function: Function) -> Iterator[Decision]:
    """Annotations of parameters, results and variables that hold clients which become AsyncClients."""
    clients = program.colours.clients
    store = program.interpreter.store
    found = [(p.annotation, program.parameter(function, p.arg)) for p in function.parameters()]
    if isinstance(function.node, ast.FunctionDef | ast.AsyncFunctionDef):
        found.append((function.node.returns, store.peek("return", function.key) | store.peek("yield", function.key)))
    for node in function.own_nodes():
        if isinstance(node, ast.AnnAssign):
            found.append((node.annotation, program.values(node.target) | program.values(node.value or node.target)))
    for annotation, values in found:
        if annotation is None or not clients.is_converted(values):
            continue
        for node in ast.walk(annotation):
            if isinstance(node, ast.expr) and (ClassObject(CLIENT) in program.values(node) or _quotes(node)):
                yield decision(function, node, "annotation", "annotate the client as an AsyncClient")


def _quotes(node: ast.expr) -> bool:
    return isinstance(node, ast.Constant) and isinstance(node.value, str) and "TestClient" in node.value


# The application


def application(program: Program, function: Function, keys: frozenset[str]) -> tuple[str, Edit | None] | None:
    """How a function can name the application of clients, and the edit that takes; None where that is not certain."""
    made = [c for c in program.colours.clients.made if c.key in keys]
    return _known(program, function, made) or _asked_for(program, function, made)


def _known(program: Program, function: Function, made: list[Client]) -> tuple[str, Import | None] | None:
    """The application as a parameter that is there, a global, or what can be imported."""
    apps = {program.values(c.app) if c.app else frozenset() for c in made}
    if len(apps) != 1 or not (app := apps.pop()):
        return None
    source = function.source
    for parameter in function.parameters():
        if program.parameter(function, parameter.arg) == app:
            return parameter.arg, None
    module = scopes(source).module
    named = {c.app.id for c in made if isinstance(c.app, ast.Name) and not is_own(c.function, c.app)}
    for name in sorted({*module.others, *(i.local for i in module.imports)}):
        is_same = name in named or not any(_is_made_again(program, v) for v in app)
        if is_same and program.interpreter.store.peek("global", source.path, name) == app:
            return name, None
    for client in made:
        for imported in scopes(client.function.source).module.imports:
            if imported.local in named and imported.name:
                return request(source, imported.module, imported.name)
    return None


def _asked_for(program: Program, function: Function, made: list[Client]) -> tuple[str, Replace] | None:
    """The fixture that the fixtures which make the clients have the application from, as a parameter behind theirs."""
    fixtures = program.interpreter.fixtures
    asked = {c.app.id for c in made if isinstance(c.app, ast.Name)}
    if len(asked) != 1 or not all(isinstance(c.app, ast.Name) for c in made):
        return None
    name = asked.pop()
    found = fixtures.lookup(function, name)
    is_same = all(c.function in fixtures.functions and fixtures.lookup(c.function, name) == found for c in made)
    required = function.arguments.args if function.arguments and not function.arguments.defaults else []
    clients, keys = program.colours.clients, {c.key for c in made}
    client = next((p for p in required if keys & clients.keys(program.parameter(function, p.arg))), None)
    if not found or not is_same or name in bound(function.body) or client is None:
        return None
    end = function.source.span(client)[1]
    return name, Replace(end, end, f", {name}")


def _is_made_again(program: Program, app: Value) -> bool:
    """Does a function make the application, another one at each call?"""
    path, line, _ = [*getattr(app, "origin", "").rsplit(":", 2), "", ""][:3]
    source = program.sources.get(path)
    return source is not None and any(
        isinstance(n, ast.FunctionDef | ast.AsyncFunctionDef) and n.lineno < int(line) <= (n.end_lineno or 0)
        for n in source.nodes
    )


# Rewriting


def use_edits(program: Program, source: Source, node: ast.expr, kind: str) -> Iterator[Edit]:
    """The edits of one use."""
    start, end = source.span(node)
    match kind:
        case "annotation":
            yield from _annotated(source, node)
        case "close":
            yield Replace(end - len("close"), end, "aclose")
        case "redirects":
            assert isinstance(node, ast.Call)
            for keyword in node.keywords:
                if keyword.arg == "allow_redirects":
                    first = source.span(keyword)[0]
                    yield Replace(first, first + len("allow_redirects"), "follow_redirects")
        case "app":
            assert isinstance(node, ast.Attribute)
            function = program.function_at(source, node)
            assert function is not None
            named = application(program, function, program.colours.clients.at(node.value))
            assert named is not None
            naming = _naming(function, node, named[0])
            yield from without(source, naming) if naming else [Replace(start, end, named[0])]
            if named[1]:
                yield named[1]
        case "read":
            assert isinstance(node, ast.Call)
            yield from _read(source, node)


def _annotated(source: Source, node: ast.expr) -> Iterator[Edit]:
    text, wanted = request(source, "httpx", "AsyncClient", at=node)
    if isinstance(node, ast.Constant):
        yield Replace(*source.span(node), source.text(node).replace("TestClient", text))
    else:
        yield Replace(*source.span(node), text)
    if wanted:
        yield wanted


def _read(source: Source, node: ast.Call) -> Iterator[Edit]:
    """`response.read()` is awaited; what iterates over `response.iter_lines()` becomes asynchronous."""
    assert isinstance(node.func, ast.Attribute)
    end = source.span(node.func)[1]
    old = node.func.attr
    yield Replace(end - len(old), end, READS[old])
    parent = source.parents[node]
    if not old.startswith("iter"):
        yield from wrap_await(source, node)
    elif isinstance(parent, ast.For | ast.comprehension):
        yield from async_for(source, node)
    else:
        yield from collect(source, node)
