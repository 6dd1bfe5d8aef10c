"""The text that makes an `AsyncClient` as a `TestClient` was made, and enters it."""

from __future__ import annotations

import ast
from collections.abc import Iterator, Sequence

from ..analysis.clients import CLIENT
from ..analysis.once import once
from ..analysis.program import Program
from ..analysis.source import Source
from ..analysis.symbols import Function
from ..analysis.values import ClassObject
from .blocks import block_of
from .edit import Edit, Import, Replace, Wrap
from .import_lines import line_length
from .imports import request
from .indenting import INDENT, indent
from .pieces import Piece, call, joined, length, splice
from .with_items import own_margin

PARAMETERS = (
    "app", "base_url", "raise_server_exceptions", "root_path", "backend", "backend_options", "cookies", "headers",
    "follow_redirects", "client",
)  # fmt: skip
# What the transport takes, under its own name; the rest goes to the client.
TRANSPORT = {"raise_server_exceptions": "raise_app_exceptions", "root_path": "root_path", "client": "client"}
DROPPED = {"backend", "backend_options"}
BASE_URL = '"http://testserver"'
# What a TestClient tells the application of itself.
OWN_NAME = "testclient"
CLIENT_ADDRESS = '("testclient", 50000)'
CLIENT_HEADERS = '{"user-agent": "testclient"}'


def is_understood(node: ast.Call) -> bool:
    """Are the arguments of a TestClient written out, the application among them?"""
    unpacks = any(isinstance(a, ast.Starred) for a in node.args) or any(k.arg is None for k in node.keywords)
    return "app" in given(node) and not unpacks


def given(node: ast.Call) -> dict[str, ast.expr]:
    """The arguments of a TestClient by name."""
    return {**dict(zip(PARAMETERS, node.args, strict=False)), **{k.arg: k.value for k in node.keywords if k.arg}}


class Names:
    """The names that new text needs, as the file spells them, and the imports that go with them."""

    def __init__(self, source: Source, at: ast.expr) -> None:
        self._source = source
        self._at = at
        self.imports: list[Import] = []

    def __call__(self, module: str, name: str) -> str:
        text, wanted = request(self._source, module, name, at=self._at)
        if wanted:
            self.imports.append(wanted)
        return text


def make(program: Program, source: Source, node: ast.Call, app: Piece | None = None) -> Iterator[Edit]:
    """`TestClient(app)` -> `AsyncClient(transport=ASGITransport(app=app), …)`; `super().__init__(app)` likewise.

    `app` is what the client talks to, if that is not what it was given.
    """
    names = Names(source, node)
    start, end = source.span(node)
    line = source.offset(node.lineno, 0)
    text = source.content[line:].partition(b"\n")[0].decode()
    indentation = text[: len(text) - len(text.lstrip())]
    behind = source.content[end:].partition(b"\n")[0].decode().strip()
    width = line_length(source)
    arguments = _arguments(program, node, names, [app or given(node)["app"]])
    room = width - (start - line) - len(behind)
    pieces = call(source, _class_text(program, source, node, names), arguments, indentation, room, width)
    yield from splice(source, start, end, pieces)
    yield from names.imports


def enter(
    program: Program, source: Source, node: ast.Call, statement: ast.With, items: Sequence[int]
) -> Iterator[Edit]:
    """`with TestClient(app) as c:` -> the application's lifespan, and the client in it."""
    item = next(i for i in statement.items if i.context_expr is node)
    names = Names(source, node)
    lifespan: list[Piece] = [names("asgi_lifespan", "LifespanManager"), "(", given(node)["app"], ")"]
    start, end = source.span(node)
    if item.optional_vars is not None:
        end = source.span(item.optional_vars)[1]
        manager = _free_name(source)
        lifespan.append(f" as {manager}")
        arguments = _arguments(program, node, names, [f"{manager}.app"])
        class_text = _class_text(program, source, node, names)
        target = f" as {source.text(item.optional_vars)}"
        margin = own_margin(source, statement, items, node)
        lifespan = _items(source, margin, lifespan, class_text, arguments, target)
    yield from splice(source, start, end, lifespan)
    yield from names.imports


def start(program: Program, source: Source, node: ast.Call, function: Function) -> Iterator[Edit]:
    """`client = TestClient(app)` -> the application's lifespan, and in it the client and what comes behind it."""
    names, app = Names(source, node), given(node)["app"]
    statement: ast.AST = node
    while not isinstance(statement, ast.stmt):
        statement = source.parents[statement]
    manager = "" if isinstance(app, ast.Name) else _free_name(source)
    head = f"async with {names('asgi_lifespan', 'LifespanManager')}({source.text(app)})"
    above = source.offset(statement.lineno, 0) - 1
    yield Replace(
        above, above, f"\n{source.indentation(statement)}{head}{f' as {manager}' if manager else ''}:", moves=False
    )
    block = block_of(source, statement)
    yield from indent(source, block[block.index(statement) :], first=statement.lineno)
    if isinstance(statement, ast.Return):
        yield from _yielded(source, statement, function, names)
    yield from make(program, source, node, f"{manager}.app" if manager else None)
    yield from names.imports


def _yielded(source: Source, statement: ast.Return, function: Function, names: Names) -> Iterator[Edit]:
    """A fixture that returned its client yields it."""
    begin = source.span(statement)[0]
    yield Replace(begin, begin + len("return"), "yield")
    returns = getattr(function.node, "returns", None)
    if isinstance(returns, ast.expr):
        yield Wrap(*source.span(returns), f"{names('collections.abc', 'AsyncIterator')}[", "]")


def _arguments(program: Program, node: ast.Call, names: Names, app: Sequence[Piece]) -> list[list[Piece]]:
    """The arguments of the AsyncClient that stands for a TestClient."""
    arguments: dict[str, Piece] = dict(given(node))
    if names_itself(program):
        arguments.setdefault("client", CLIENT_ADDRESS)
        arguments.setdefault("headers", CLIENT_HEADERS)
    arguments.setdefault("base_url", BASE_URL)
    arguments.setdefault("follow_redirects", "True")
    transport: list[list[Piece]] = [["app=", *app]]
    transport += [[f"{TRANSPORT[n]}=", v] for n, v in arguments.items() if n in TRANSPORT]
    rest = [n for n in arguments if n not in {"app", "base_url", "follow_redirects", *TRANSPORT, *DROPPED}]
    return [
        ["transport=", names("httpx", "ASGITransport"), "(", *joined(transport, ", "), ")"],
        *([f"{n}=", arguments[n]] for n in ("base_url", *rest, "follow_redirects")),
    ]


@once
def names_itself(program: Program) -> bool:
    """Does the project know what a TestClient tells of itself: its address, or its user agent?"""
    return any(
        isinstance(node, ast.Constant) and node.value == OWN_NAME for s in program.sources.values() for node in s.nodes
    )


def _class_text(program: Program, source: Source, node: ast.Call, names: Names) -> str:
    """The class to make: the project's own, or httpx's."""
    is_plain = ClassObject(CLIENT) in program.values(node.func)
    return names("httpx", "AsyncClient") if is_plain else source.text(node.func)


def _items(
    source: Source, margin: str | None, lifespan: list[Piece], made: str, arguments: list[list[Piece]], target: str
) -> list[Piece]:
    """The two items, on one line where that fits or others stand beside them, else each on its own in parentheses."""
    width = line_length(source)
    flat: list[Piece] = [*lifespan, ", ", *call(source, made, arguments, "", width * 10, width), target]
    if margin is None or length(source, [margin, "async with :", *flat]) <= width:
        return flat
    inner = margin + INDENT
    client = call(source, made, arguments, inner, width - len(inner) - len(target) - 1, width)
    return [f"(\n{inner}", *lifespan, f",\n{inner}", *client, f"{target},\n{margin})"]


def _free_name(source: Source) -> str:
    """A name for the lifespan's manager that the file does not use."""
    used = {n.id if isinstance(n, ast.Name) else n.arg for n in source.nodes if isinstance(n, ast.Name | ast.arg)}
    return next(n for n in ("manager", *(f"manager_{i}" for i in range(2, 1000))) if n not in used)
