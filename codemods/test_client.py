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
from collections.abc import Iterator, Sequence

from ..analysis.clients import CLIENT, Client
from ..analysis.decisions import Decision, Status
from ..analysis.program import Program
from ..analysis.source import Source
from ..analysis.symbols import Function
from ..analysis.values import ClassObject
from .edit import Edit, Import, Replace
from .import_lines import line_length
from .imports import request
from .pieces import STEP, Piece, call, joined, length, splice

NAME = "test-client"
PARAMETERS = (
    "app", "base_url", "raise_server_exceptions", "root_path", "backend", "backend_options", "cookies", "headers",
    "follow_redirects", "client",
)  # fmt: skip
# What the transport takes, under its own name; the rest goes to the client.
TRANSPORT = {"raise_server_exceptions": "raise_app_exceptions", "root_path": "root_path", "client": "client"}
DEFAULTS = {"base_url": '"http://testserver"', "follow_redirects": "True"}
DROPPED = {"backend", "backend_options"}
LIFESPAN = "asgi-lifespan>=2.1"
STREAMS = {
    "iter_lines": "aiter_lines", "iter_text": "aiter_text", "iter_bytes": "aiter_bytes", "iter_raw": "aiter_raw",
}  # fmt: skip


# Deciding


def decide(program: Program) -> Iterator[Decision]:
    """A decision for each test client that is made or entered, and for what is different in the use of one."""
    clients = program.colours.clients
    for client in {c.node: c for c in clients.made}.values():
        yield _made(program, client, clients.why_sync(client.node))
    for site in program.colours.sites():
        if site.kind == "client" and not _makes(program, site.node):
            yield _decision(site.function, site.node, "enter", "enter the client with `async with`", why_site=site.what)
    for function in program.functions:
        if program.stays_sync(function):
            continue
        for node in function.own_nodes():
            yield from _uses(program, function, node)
        yield from _annotations(program, function)


def _made(program: Program, client: Client, why_sync: str) -> Decision:
    source = client.function.source
    if why_sync:
        return _decision(client.function, client.node, "", "stays a TestClient", Status.KEPT, why_sync)
    if client.app is None or any(isinstance(a, ast.Starred) for a in client.node.args) or _unpacks(client.node):
        concern = "its arguments are not written out; make the AsyncClient by hand"
        return _decision(client.function, client.node, "", "left a TestClient", Status.DECLINED, concern)
    dropped = sorted(DROPPED & set(_given(client.node)))
    concern = f"{' and '.join(dropped)}: an AsyncClient runs on the loop of its test" if dropped else ""
    entered = _item_of(source, client.node) is not None
    kind = "make and enter" if entered else "make"
    what = "an AsyncClient, inside the application's lifespan" if entered else "an AsyncClient"
    return _decision(client.function, client.node, kind, what, concern=concern, needs=[LIFESPAN] if entered else [])


def _decision(
    function: Function,
    node: ast.expr,
    kind: str,
    action: str,
    status: Status = Status.DONE,
    concern: str = "",
    needs: Sequence[str] = (),
    why_site: str = "",
) -> Decision:
    return Decision(
        NAME,
        function.source.site(node),
        action,
        status,
        concern=concern,
        function=function.qualname,
        data={"kind": kind, "needs": list(needs)},
        node=node,
    )


def _unpacks(call: ast.Call) -> bool:
    return any(k.arg is None for k in call.keywords)


def _makes(program: Program, node: ast.expr) -> bool:
    return any(c.node is node for c in program.colours.clients.made)


def _item_of(source: Source, node: ast.expr) -> ast.withitem | None:
    parent = source.parents.get(node)
    return parent if isinstance(parent, ast.withitem) and isinstance(source.parents.get(parent), ast.With) else None


def _uses(program: Program, function: Function, node: ast.AST) -> Iterator[Decision]:
    """What an AsyncClient spells differently."""
    clients = program.colours.clients
    match node:
        case ast.Call(func=ast.Attribute(value=receiver, attr=name)) if clients.is_converted(program.values(receiver)):
            if name == "close":
                yield _decision(function, node, "close", "close the client with `aclose`")
            if any(k.arg == "allow_redirects" for k in node.keywords):
                yield _decision(function, node, "redirects", "`allow_redirects` is `follow_redirects` in httpx")


def _annotations(program: Program, function: Function) -> Iterator[Decision]:
    """Annotations of parameters and results that hold clients which become AsyncClients."""
    if function.arguments is None or isinstance(function.node, ast.Lambda | ast.Module):
        return
    found = [(p.annotation, program.parameter(function, p.arg)) for p in function.parameters()]
    store = program.interpreter.store
    found.append((function.node.returns, store.peek("return", function.key) | store.peek("yield", function.key)))
    for annotation, values in found:
        if annotation is not None and program.colours.clients.is_converted(values):
            for node in ast.walk(annotation):
                if isinstance(node, ast.expr) and ClassObject(CLIENT) in program.values(node):
                    yield _decision(function, node, "annotation", "annotate the client as an AsyncClient")


# Rewriting


def rewrite(decision: Decision, program: Program) -> Iterator[Edit]:
    """The edits of one site."""
    source = program.sources[decision.site.path]
    node = decision.node
    assert isinstance(node, ast.expr)
    match decision.data["kind"]:
        case "make":
            assert isinstance(node, ast.Call)
            yield from _make(program, source, node)
        case "make and enter":
            assert isinstance(node, ast.Call)
            yield from _enter(program, source, node)
        case "annotation":
            text, wanted = request(source, "httpx", "AsyncClient", at=node)
            yield Replace(*source.span(node), text)
            if wanted:
                yield wanted
        case "close":
            assert isinstance(node, ast.Call)
            end = source.span(node.func)[1]
            yield Replace(end - len("close"), end, "aclose")
        case "redirects":
            assert isinstance(node, ast.Call)
            for keyword in node.keywords:
                if keyword.arg == "allow_redirects":
                    start = source.span(keyword)[0]
                    yield Replace(start, start + len("allow_redirects"), "follow_redirects")


def _given(node: ast.Call) -> dict[str, ast.expr]:
    """The arguments of a TestClient by name."""
    return {**dict(zip(PARAMETERS, node.args, strict=False)), **{k.arg: k.value for k in node.keywords if k.arg}}


class _Names:
    """The names that a rewritten client needs, as the file spells them, and the imports that go with them."""

    def __init__(self, source: Source, at: ast.expr) -> None:
        self._source = source
        self._at = at
        self.imports: list[Import] = []

    def __call__(self, module: str, name: str) -> str:
        text, wanted = request(self._source, module, name, at=self._at)
        if wanted:
            self.imports.append(wanted)
        return text


def _arguments(node: ast.Call, names: _Names, app: Sequence[Piece]) -> list[list[Piece]]:
    """The arguments of the AsyncClient that stands for a TestClient."""
    given = _given(node)
    transport: list[list[Piece]] = [["app=", *app]]
    transport += [[f"{TRANSPORT[n]}=", v] for n, v in given.items() if n in TRANSPORT]
    result: list[list[Piece]] = [
        ["transport=", names("httpx", "ASGITransport"), "(", *joined(transport, ", "), ")"],
        ["base_url=", given.get("base_url", DEFAULTS["base_url"])],
    ]
    result += [[f"{n}=", v] for n, v in given.items() if n not in {"app", *TRANSPORT, *DEFAULTS, *DROPPED}]
    return [*result, ["follow_redirects=", given.get("follow_redirects", DEFAULTS["follow_redirects"])]]


def _class_text(program: Program, source: Source, node: ast.Call, names: _Names) -> str:
    """The class to make: the project's own, or httpx's."""
    is_own = ClassObject(CLIENT) not in program.values(node.func)
    return source.text(node.func) if is_own else names("httpx", "AsyncClient")


def _make(program: Program, source: Source, node: ast.Call) -> Iterator[Edit]:
    names = _Names(source, node)
    width = line_length(source)
    start, end = source.span(node)
    line = source.offset(node.lineno, 0)
    indentation = _indentation(source, line)
    room = width - (start - line) - len(_rest_of_line(source, end))
    made = _arguments(node, names, [_given(node)["app"]])
    pieces = call(source, _class_text(program, source, node, names), made, indentation, room, width)
    yield from splice(source, start, end, pieces)
    yield from names.imports


def _enter(program: Program, source: Source, node: ast.Call) -> Iterator[Edit]:
    """`with TestClient(app) as c:` -> the lifespan, and the client in it."""
    item = _item_of(source, node)
    assert item is not None
    statement = source.parents[item]
    assert isinstance(statement, ast.With)
    names = _Names(source, node)
    manager = _free_name(source, statement)
    lifespan: list[Piece] = [names("asgi_lifespan", "LifespanManager"), "(", _given(node)["app"], ")"]
    start, end = source.span(node)
    yield Replace(*(source.span(statement)[0],) * 2, "async ")
    if item.optional_vars is None:
        yield from splice(source, start, end, lifespan)
    else:
        end = source.span(item.optional_vars)[1]
        made = _arguments(node, names, [f"{manager}.app"])
        class_text = _class_text(program, source, node, names)
        pieces = _items(source, statement, [*lifespan, f" as {manager}"], class_text, made, item.optional_vars)
        yield from splice(source, start, end, pieces)
    yield from names.imports


def _items(
    source: Source,
    statement: ast.With,
    lifespan: list[Piece],
    class_text: str,
    made: list[list[Piece]],
    target: ast.expr,
) -> list[Piece]:
    """The two items, on one line where that fits, else each on a line of its own in parentheses."""
    width = line_length(source)
    indentation = source.indentation(statement)
    as_target: list[Piece] = [" as ", source.text(target)]
    flat: list[Piece] = [*lifespan, ", ", *call(source, class_text, made, "", width * 10, width), *as_target]
    stands_alone = len(statement.items) == 1 and not _is_parenthesised(source, statement)
    if not stands_alone or length(source, [indentation, "async with :", *flat]) <= width:
        return flat
    inner = indentation + STEP
    room = width - len(inner) - length(source, as_target) - 1
    client = call(source, class_text, made, inner, room, width)
    return [f"(\n{inner}", *lifespan, f",\n{inner}", *client, *as_target, f",\n{indentation})"]


def _is_parenthesised(source: Source, statement: ast.With) -> bool:
    first = source.span(statement.items[0].context_expr)[0]
    return b"(" in source.content[source.span(statement)[0] : first]


def _free_name(source: Source, statement: ast.stmt) -> str:
    """A name for the lifespan's manager that the file does not use."""
    used = {n.id for n in source.nodes if isinstance(n, ast.Name)}
    used |= {a.arg for a in source.nodes if isinstance(a, ast.arg)}
    return next(n for n in ("manager", "lifespan", *(f"manager_{i}" for i in range(2, 1000))) if n not in used)


def _indentation(source: Source, line: int) -> str:
    text = source.content[line:].partition(b"\n")[0]
    return text[: len(text) - len(text.lstrip())].decode()


def _rest_of_line(source: Source, offset: int) -> str:
    return source.content[offset:].partition(b"\n")[0].strip().decode()
