"""Bridges: sync code that runs coroutines to their end, found by what it does.

A bridge function takes an awaitable (or a coroutine function) and is made of nothing but the machinery that runs it:
event loops, threads, pools. A call of it becomes `await`, and it has no colour of its own. Everything else that runs a
coroutine from sync code, `asyncio.run(work())` in the middle of a function, is awaited where async code reaches that
function, and stays where sync code starts a loop of its own.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, TypeAlias

from .bridge_functions import Bridge, bridge_of
from .machinery import runs
from .symbols import Function
from .values import Awaitable, FunctionObject

if TYPE_CHECKING:
    from .program import Program

Argument: TypeAlias = ast.expr | ast.keyword


@dataclass(frozen=True, slots=True, eq=False)
class Run:
    """A place where a coroutine is run to its end: `node` can become `await subject`.

    When `calls`, `subject` is a coroutine function, called with `arguments`. `timeout` says how long to wait; `lost`
    are arguments of the bridge that have no place in an `await`. `bridge` is the project's own, None for a library's.
    `made` is the async function that is called, where a decorator made it sync.
    """

    function: Function
    node: ast.Call
    subject: ast.expr
    calls: bool = False
    arguments: tuple[Argument, ...] = ()
    timeout: ast.expr | None = None
    lost: tuple[Argument, ...] = ()
    bridge: Bridge | None = None
    made: Function | None = None


class Bridges:
    """The bridges of a program, and the places that go over them."""

    def __init__(self, program: Program) -> None:
        self._program = program

    @cached_property
    def subjects(self) -> frozenset[ast.expr]:
        """The calls whose coroutines are run to their end: nobody else awaits these."""
        return frozenset(run.subject for run in self.sites.values() if not run.calls)

    @cached_property
    def functions(self) -> dict[Function, Bridge]:
        """The project's bridge functions."""
        found: dict[Function, Bridge] = {}
        for function in self._suspects():
            bridge = bridge_of(self._program, function)
            if bridge is not None:
                found[function] = bridge
        return {f: b for f, b in found.items() if f.parent not in found}

    def _suspects(self) -> Iterator[Function]:
        """Functions that run something, themselves or in a nested function, with all functions around them."""
        seen: set[Function] = set()
        for function in self._program.functions:
            if any(isinstance(n, ast.expr) and runs(self._program, n) for n in function.own_nodes()):
                around: Function | None = function
                while around is not None and around not in seen:
                    seen.add(around)
                    yield around
                    around = around.parent

    @cached_property
    def inside(self) -> frozenset[Function]:
        """The bridge functions and all functions nested in them: they have no colour."""
        return frozenset(f for f in self._program.functions if any(a in self.functions for a in with_parents(f)))

    @cached_property
    def sites(self) -> dict[ast.Call, Run]:
        """All places outside the bridges where a coroutine is run to its end."""
        return {
            node: run
            for function in self._program.functions
            if function not in self._program.vanishing and not self._program.stays_sync(function)
            for node in function.own_nodes()
            if isinstance(node, ast.Call) and (run := self._run(function, node)) is not None
        }

    def _run(self, function: Function, node: ast.Call) -> Run | None:
        for value, bridge in self._bridges(node.func):
            return _over(self._program, function, node, bridge, value) if not bridge.makes else None
        if isinstance(made := node.func, ast.Call):
            for _, bridge in self._bridges(made.func):
                return _made(function, node, made, bridge) if bridge.makes else None
        for reached in self._program.values(node.func):
            if isinstance(reached, FunctionObject) and self.decorator(made_sync := self._program.function(reached.key)):
                return Run(function, node, node.func, calls=True, made=made_sync)
        return direct(self._program, function, node)

    def decorator(self, function: Function) -> ast.expr | None:
        """The decorator that makes an async function sync."""
        for decorator in function.decorators if function.is_async else ():
            maker = decorator.func if isinstance(decorator, ast.Call) else decorator
            if runs(self._program, maker) == "maker" or any(b.makes for b in self.behind(decorator)):
                return decorator
        return None

    def behind(self, decorator: ast.expr) -> Iterator[Bridge]:
        """The project's bridges that a decorator is."""
        maker = decorator.func if isinstance(decorator, ast.Call) else decorator
        return (bridge for _, bridge in self._bridges(maker))

    def _bridges(self, node: ast.expr) -> Iterator[tuple[FunctionObject, Bridge]]:
        for value in self._program.values(node):
            if isinstance(value, FunctionObject) and (bridge := self.functions.get(self._program.function(value.key))):
                yield value, bridge


def with_parents(function: Function) -> Iterator[Function]:
    """A function and all functions around it."""
    current: Function | None = function
    while current is not None:
        yield current
        current = current.parent


# What libraries do


def direct(program: Program, function: Function, node: ast.Call) -> Run | None:
    """A call of a library that runs a coroutine to its end."""
    first = node.args[0] if node.args and not isinstance(node.args[0], ast.Starred) else None
    match runs(program, node.func):
        case "awaitable" if first is not None:
            return Run(function, node, first)
        case "function" if first is not None:
            return Run(function, node, first, calls=True, arguments=tuple(node.args[1:]))
    match node.func:
        case ast.Attribute(value=ast.Call(func=inner, args=[subject, *_]), attr="result"):
            if runs(program, inner) == "future":
                patience = [*node.args, *(k.value for k in node.keywords)]
                return Run(function, node, subject, timeout=patience[0] if patience else None)
        case ast.Call(func=maker, args=[subject, *_]) if runs(program, maker) == "maker":
            return Run(function, node, subject, calls=True, arguments=(*node.args, *node.keywords))
        case ast.Attribute(attr="run_until_complete") if first is not None and not program.values(node.func):
            # Nothing is known of the loop; that the argument is a coroutine says enough.
            if any(isinstance(v, Awaitable) for v in program.values(first)):
                return Run(function, node, first)
    return None


# Calls of the project's own bridges


def _over(program: Program, function: Function, node: ast.Call, bridge: Bridge, value: FunctionObject) -> Run | None:
    names = [a.arg for a in bridge.function.parameters() if a not in _keyword_only(bridge.function)]
    if value.receiver is not None and bridge.function.binding in {"instance", "class"}:
        names = names[1:]
    if any(isinstance(a, ast.Starred) for a in node.args) and not bridge.calls:
        return None
    by_position = dict(zip(names, node.args, strict=False))
    by_name = {k.arg: k.value for k in node.keywords}
    subject = by_position.get(bridge.parameter, by_name.get(bridge.parameter))
    if subject is None or isinstance(subject, ast.Starred):
        return None
    rest: list[Argument] = [a for a in node.args if a is not subject]
    rest += [k for k in node.keywords if k.value is not subject]
    if bridge.calls and _is_function(program, subject):
        return Run(function, node, subject, calls=True, arguments=tuple(rest), bridge=bridge)
    timeout = next((given[name] for given in (by_position, by_name) for name in bridge.patience if name in given), None)
    lost = tuple(a for a in rest if timeout is None or not (a is timeout or getattr(a, "value", None) is timeout))
    return Run(function, node, subject, timeout=timeout, lost=lost, bridge=bridge)


def _keyword_only(function: Function) -> list[ast.arg]:
    return function.arguments.kwonlyargs if function.arguments else []


def _is_function(program: Program, node: ast.expr) -> bool:
    """Is an argument a coroutine function, not a coroutine?"""
    values = program.values(node)
    if any(isinstance(v, FunctionObject) for v in values) or isinstance(node, ast.Lambda):
        return True
    return not isinstance(node, ast.Call) and not any(isinstance(v, Awaitable) for v in values)


def _made(function: Function, node: ast.Call, made: ast.Call, bridge: Bridge) -> Run | None:
    if len(made.args) != 1 or made.keywords:
        return None
    return Run(function, node, made.args[0], calls=True, arguments=(*node.args, *node.keywords), bridge=bridge)
