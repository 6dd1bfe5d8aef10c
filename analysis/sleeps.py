"""Calls of `time.sleep` that would stop the event loop: in what is async now, and in helpers that only such code calls.

Tests that put something in the place of `time.sleep` decide how it is written: a mock made by `patch` follows the
function to asyncio; with any other stand-in it is still `time.sleep` that is called, in a thread.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator
from typing import TYPE_CHECKING

from .boundaries import boundary_of
from .mocks import PATCH, Patch
from .once import once
from .stand_ins import is_test_code
from .symbols import Function
from .values import External, Mock, ModuleObject

if TYPE_CHECKING:
    from .colours import Colours
    from .program import Program

SLEEP = External("time.sleep")


class Sleeps:
    """The calls of `time.sleep`, by the functions that they stand in."""

    def __init__(self, program: Program) -> None:
        self._program = program
        self.calls = _calls(program)
        self._settled: set[Function] = set()

    def settle(self, colours: Colours) -> Iterator[tuple[Function, ast.Call]]:
        """The calls, not given before, that have to be awaited as the colours stand."""
        if not self.calls:
            return
        helpers = self._helpers(colours)
        for function, calls in self.calls.items():
            if function not in self._settled and (_awaits(colours, function) or function in helpers):
                self._settled.add(function)
                yield from ((function, call) for call in calls)

    def _helpers(self, colours: Colours) -> set[Function]:
        """Sync functions that sleep, or call one that does, and that nothing but async code calls."""
        found = {f for f in self.calls if self._may_follow(colours, f)}
        pending = list(found)
        while pending:
            for caller in colours.callers(pending.pop()) - found:
                if self._may_follow(colours, caller):
                    found.add(caller)
                    pending.append(caller)
        while True:
            kept = {f for f in found if _is_called_by(colours, f, found)}
            if kept == found:
                return found
            found = kept

    def _may_follow(self, colours: Colours, function: Function) -> bool:
        return (
            not colours.is_async(function)
            and not (function.is_lambda or function.is_module or function.is_property)
            and function not in colours.families
            and not self._program.handed(function)
            and not is_test_code(function)
            and boundary_of(self._program, function) is None
        )


def _is_called_by(colours: Colours, function: Function, helpers: set[Function]) -> bool:
    """Do only async functions, one of them made so, and other such helpers call a function, but for tests?"""
    callers = {c for c in colours.callers(function) if not is_test_code(c)}
    if not callers or not all(_awaits(colours, c) or colours.is_async(c) or c in helpers for c in callers):
        return False
    return any(_awaits(colours, c) or c in helpers - {function} for c in callers)


def _awaits(colours: Colours, function: Function) -> bool:
    """Does the migration make the function's body async, or run it on a loop?"""
    return function in colours.reasons or (function in colours.entries and bool(colours.sites_of(function)))


def _calls(program: Program) -> dict[Function, list[ast.Call]]:
    found: dict[Function, list[ast.Call]] = {}
    for function in program.functions:
        if program.stays_sync(function) or function in program.vanishing or function.is_lambda:
            continue
        for node in function.own_nodes():
            if isinstance(node, ast.Call) and SLEEP in program.values(node.func) and len(node.args) == 1:
                found.setdefault(function, []).append(node)
    return found


def is_written_out(program: Program, function: Function, call: ast.Call) -> bool:
    """Is the function of a call named as the library's: `time.sleep`, or `sleep` imported from it?"""
    if {v for v in program.values(call.func) if not isinstance(v, Mock)} != {SLEEP}:
        return False
    match call.func:
        case ast.Attribute(value=owner):
            return External("time") in program.values(owner)
        case ast.Name(id=name):
            stored = {n.id for n in function.own_nodes() if isinstance(n, ast.Name) and isinstance(n.ctx, ast.Store)}
            return name not in stored | {p.arg for p in function.parameters()}
    return False


# Patches


@once
def sleep_patches(program: Program) -> list[Patch]:
    """The patches that replace `time.sleep`, wherever it was imported to."""
    return [p for p in program.interpreter.mocks.patches if _replaces_sleep(program, p)]


def _replaces_sleep(program: Program, patch: Patch) -> bool:
    match patch.owner:
        case External(name="time"):
            return patch.name == "sleep"
        case ModuleObject(path=path):
            return SLEEP in program.interpreter.store.peek("global", path, patch.name)
    return False


def follows(patch: Patch) -> bool:
    """Is this `patch("module.time.sleep")`, whose mock becomes one that can be awaited when its target does?"""
    match patch.node:
        case ast.Call(args=[ast.Constant(value=str(target))], keywords=keywords):
            options = {k.arg for k in keywords}
            is_mock = all(isinstance(v, Mock) and v.kind == PATCH for v in patch.replacement)
            return is_mock and target.endswith("sleep") and options <= {"return_value", "side_effect"}
    return False
