"""Test clients: where they are made, and which of them keep `TestClient` because `AsyncClient` can't stand for them.

Clients that meet in one expression share their fate. A client stays what it is when a test opens a websocket with it,
when it is used where nothing can be awaited, and when its application has nothing to do with what becomes async.
"""

from __future__ import annotations

import ast
from collections.abc import Callable, Collection, Iterable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

from .applications import Applications
from .boundaries import boundary_of
from .symbols import Function
from .values import ClassObject, External, Instance, Values

if TYPE_CHECKING:
    from .async_sites import AsyncSite
    from .program import Program

CLIENT = "fastapi.testclient.TestClient"
WEBSOCKETS = "websocket_connect"


@dataclass(frozen=True, eq=False, slots=True)
class Client:
    """A call that makes a test client. `key` stands for what it makes."""

    function: Function
    node: ast.Call
    key: str

    @property
    def app(self) -> ast.expr | None:
        """The application that the client talks to."""
        if self.node.args:
            return self.node.args[0]
        return next((k.value for k in self.node.keywords if k.arg == "app"), None)


class Clients:
    """The test clients of a program."""

    def __init__(self, program: Program) -> None:
        self._program = program
        self._why: dict[str, str] = {}
        self._leader: dict[str, str] = {}
        self.made: list[Client] = []
        for function in program.functions:
            for node in function.own_nodes():
                match node:
                    case ast.Call():
                        self._note_call(function, node)
                    case ast.Attribute():
                        self._note_attribute(function, node)

    # What an expression holds

    def keys(self, values: Values) -> frozenset[str]:
        """The test clients among values: each by the place where it is made, by its class where that is not known."""
        found = [v for v in values if isinstance(v, Instance) and self._is_client(v.cls)]
        return frozenset({v.origin for v in found if v.origin} or {v.cls for v in found})

    def at(self, node: ast.expr) -> frozenset[str]:
        """The clients that an expression is, or whose method it calls."""
        found = self.keys(self._program.values(node))
        if isinstance(node, ast.Call):
            found |= self.keys(frozenset(_receivers(self._program.values(node.func))))
            if (receiver := read_by_name(node.func)) is not None:
                found |= self.keys(self._program.values(receiver))
        return found

    def why_sync(self, node: ast.expr) -> str:
        """Why the client that an expression is or calls keeps `TestClient`; "" when it does not."""
        return self._reason(self.at(node))

    def is_converted(self, values: Values) -> bool:
        """Do values hold a test client that becomes an AsyncClient?"""
        keys = self.keys(values)
        return bool(keys) and not self._reason(keys)

    def has_lifespan(self, client: Client) -> bool:
        """May the client's application do anything when it starts or ends?"""
        return client.app is None or self._applications.has_lifespan(self._program.values(client.app))

    def _is_client(self, cls: str) -> bool:
        return self._program.interpreter.objects.is_a(cls, CLIENT)

    def _reason(self, keys: Iterable[str]) -> str:
        return next((self._why[k] for k in sorted(map(self._find, keys)) if k in self._why), "")

    # Which stay

    def settle(
        self, uses: Iterable[AsyncSite], is_changed: Callable[[Function], bool], factories: Collection[Function]
    ) -> None:
        """Decide which clients stay, once it is known which functions the database alone changes."""
        for use in uses:
            if why := _why_not_awaited(self._program, use):
                place = f"{use.function.source.path}:{use.node.lineno}"
                self._keep(self.at(use.node), f"it is used at {place}, where nothing is awaited: {why}")
        self._applications = Applications(self._program, is_changed, factories)
        apart: dict[str, bool] = {}
        for client in self.made:
            leader = self._find(client.key)
            is_apart = client.app is not None and self._applications.is_apart(self._program.values(client.app))
            apart[leader] = apart.get(leader, True) and is_apart
        self._keep((k for k, is_apart in apart.items() if is_apart), "its application runs nothing that becomes async")

    def _keep(self, keys: Iterable[str], reason: str) -> None:
        for key in keys:
            self._why.setdefault(self._find(key), reason)

    def _note_call(self, function: Function, node: ast.Call) -> None:
        if any(isinstance(v, ClassObject) and self._is_client(v.cls) for v in self._program.values(node.func)):
            keys = sorted(self.keys(self._program.values(node)))
            self.made.extend(Client(function, node, key) for key in keys)
            if self._program.stays_sync(function):
                self._keep(keys, self._program.why_sync(function))

    def _note_attribute(self, function: Function, node: ast.Attribute) -> None:
        keys = sorted(self.keys(self._program.values(node.value)))
        for key in keys[1:]:
            self._unite(keys[0], key)
        if node.attr == WEBSOCKETS:
            self._keep(keys, f"{function.source.path}:{node.lineno} opens a websocket with it, and httpx has none")

    def _find(self, key: str) -> str:
        while self._leader.get(key, key) != key:
            key = self._leader[key]
        return key

    def _unite(self, one: str, other: str) -> None:
        first, second = self._find(one), self._find(other)
        if first != second:
            self._leader[second] = first
            if second in self._why:
                self._why.setdefault(first, self._why.pop(second))


def _why_not_awaited(program: Program, use: AsyncSite) -> str:
    """Why a use of a client can't be awaited; "" where it can, be it in a function with a loop of its own."""
    boundary = boundary_of(program, use.function)
    node = use.function.node
    if boundary is not None:
        return "" if boundary.kind == "entry" and not use.function.is_lambda else boundary.why
    return "a lambda can't await" if isinstance(node, ast.Lambda) and use.node is not node.body else ""


def read_by_name(node: ast.expr) -> ast.expr | None:
    """The object of which `getattr(object, name)` reads an attribute."""
    match node:
        case ast.Call(func=ast.Name(id="getattr"), args=[receiver, _, *_]):
            return receiver
    return None


def calls_client_by_name(program: Program, node: ast.expr) -> bool:
    """Is this `getattr(client, method)(…)`, of a method that is not known?"""
    if not isinstance(node, ast.Call) or program.values(node.func) or (receiver := read_by_name(node.func)) is None:
        return False
    is_a = program.interpreter.objects.is_a
    return any(isinstance(v, Instance) and is_a(v.cls, CLIENT) for v in program.values(receiver))


def _receivers(values: Values) -> Iterator[Instance]:
    for value in values:
        if isinstance(value, External) and isinstance(value.receiver, Instance):
            yield value.receiver
