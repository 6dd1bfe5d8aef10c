"""Test clients: where they are made, and which of them keep `TestClient` because `AsyncClient` can't stand for them.

Clients that meet in one expression share their fate. A client stays what it is when a test opens a websocket with it, and
when its application has nothing to do with what becomes async.
"""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from .applications import Applications
from .symbols import Function
from .values import ClassObject, External, Instance, Values

if TYPE_CHECKING:
    from .program import Program

CLIENT = "fastapi.testclient.TestClient"
# What a TestClient offers and no AsyncClient does.
WEBSOCKETS = "websocket_connect"


@dataclass(eq=False, slots=True)
class Client:
    """A call that makes a test client. `keys` are those of its instances."""

    function: Function
    node: ast.Call
    keys: frozenset[str] = field(default_factory=frozenset)

    def argument(self, position: int, name: str) -> ast.expr | None:
        """What the call passes for a parameter."""
        if len(self.node.args) > position:
            return self.node.args[position]
        return next((k.value for k in self.node.keywords if k.arg == name), None)

    @property
    def app(self) -> ast.expr | None:
        """The application that the client talks to."""
        return self.argument(0, "app")


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
                        self._note_attribute(node)

    # What an expression holds

    def keys(self, values: Values) -> frozenset[str]:
        """The test clients among values, each by the place where it is made (or its class where that is not known)."""
        return frozenset(
            v.origin or v.cls
            for v in values
            if isinstance(v, Instance) and self._program.interpreter.objects.is_a(v.cls, CLIENT)
        )

    def of(self, node: ast.expr) -> frozenset[str]:
        """The clients that an expression is, or that it calls a method of."""
        found = self.keys(self._program.values(node))
        if isinstance(node, ast.Call):
            found |= self.keys(frozenset(_receivers(self._program.values(node.func))))
        return found

    def why_sync(self, keys: frozenset[str]) -> str:
        """Why one of these clients keeps `TestClient`; "" when none does."""
        return next((self._why[k] for k in sorted(map(self._find, keys)) if k in self._why), "")

    def is_converted(self, values: Values) -> bool:
        """Do values hold a test client that becomes an AsyncClient?"""
        keys = self.keys(values)
        return bool(keys) and not self.why_sync(keys)

    # Which stay

    def settle(self, is_converted: Callable[[Function], bool]) -> None:
        """Decide which clients stay, once it is known what the database alone makes async."""
        applications = Applications(self._program, is_converted)
        apart: dict[str, bool] = {}
        for client in self.made:
            for key in client.keys:
                leader = self._find(key)
                is_apart = client.app is not None and applications.is_apart(self._program.values(client.app))
                apart[leader] = apart.get(leader, True) and is_apart
        for leader, is_apart in apart.items():
            if is_apart:
                self._why.setdefault(leader, "its application has nothing to do with what becomes async")

    def _note_call(self, function: Function, node: ast.Call) -> None:
        if not any(
            isinstance(v, ClassObject) and self._program.interpreter.objects.is_a(v.cls, CLIENT)
            for v in self._program.values(node.func)
        ):
            return
        keys = self.keys(self._program.values(node))
        self.made.append(Client(function, node, keys))
        if self._program.stays_sync(function):
            for key in keys:
                self._why[self._find(key)] = self._program.why_sync(function)

    def _note_attribute(self, node: ast.Attribute) -> None:
        keys = sorted(self.keys(self._program.values(node.value)))
        for key in keys[1:]:
            self._unite(keys[0], key)
        if keys and node.attr == WEBSOCKETS:
            self._why[self._find(keys[0])] = "a test opens a websocket with it, and httpx has none"

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


def _receivers(values: Values) -> Iterator[Instance]:
    for value in values:
        if isinstance(value, External) and isinstance(value.receiver, Instance):
            yield value.receiver
