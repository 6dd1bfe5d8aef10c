"""What a recording of the project's suite saw: lazy loads, and the calls that reached the database.

The plan takes the union of what is inferred and what was seen. A call of something unknown that was seen to reach a
function awaits what it gives, where that can be awaited. What no single call can be found for, and SQL that was sent by
what looks like no I/O, are gaps of the analysis, and told.
"""

from __future__ import annotations

import ast
from collections import defaultdict
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field
from itertools import pairwise
from typing import TYPE_CHECKING, TypeAlias

from .async_sites import AsyncSite
from .decisions import Confidence
from .symbols import Function
from .values import FunctionObject

if TYPE_CHECKING:
    from .program import Program

# Libraries whose frames between two of the project's do not make the call another's.
PASSING = frozenset({"", "contextlib", "functools"})
COMPREHENSIONS = frozenset({"<listcomp>", "<setcomp>", "<dictcomp>", "<genexpr>"})


@dataclass(frozen=True, slots=True)
class SeenFrame:
    """A place on a stack; `through` is the library between it and the frame that it called."""

    path: str
    line: int
    name: str
    through: str = ""


SeenStack: TypeAlias = tuple[SeenFrame, ...]


@dataclass(frozen=True, slots=True)
class Seen:
    """Lazy loads, (path, line, attribute) -> the class that has it; and stacks that sent SQL, innermost frame first."""

    loads: Mapping[tuple[str, int, str], str] = field(default_factory=dict)
    stacks: Collection[SeenStack] = ()


@dataclass(frozen=True, slots=True)
class SeenCall:
    """A line of a function that was seen to call another, or, where `callee` is None, to send SQL itself."""

    function: Function
    line: int
    callee: Function | None

    def is_at(self, node: ast.expr) -> bool:
        """Does a node of the function stand on the line?"""
        return node.lineno <= self.line <= (node.end_lineno or node.lineno)


def seen_calls(program: Program) -> Iterator[list[SeenCall]]:
    """The calls of each stack, innermost first, as far as the project itself makes them."""
    by_path: defaultdict[str, list[Function]] = defaultdict(list)
    for function in program.functions:
        by_path[function.source.path].append(function)
    told: set[tuple[SeenCall, ...]] = set()
    for stack in program.seen.stacks:
        calls = tuple(_calls(stack, by_path))
        if calls not in told:
            told.add(calls)
            yield list(calls)


def _calls(stack: SeenStack, by_path: Mapping[str, list[Function]]) -> Iterator[SeenCall]:
    callee: Function | None = None
    for inner, frame in pairwise((None, *stack)):
        assert frame is not None
        if inner is not None and frame.through not in PASSING:
            return
        function = _function(frame, by_path)
        if function is None:
            return
        if inner is None or inner.name not in COMPREHENSIONS:
            yield SeenCall(function, frame.line, callee)
        callee = function


def _function(frame: SeenFrame, by_path: Mapping[str, list[Function]]) -> Function | None:
    """The innermost function of a frame's name around its line."""
    found: Function | None = None
    for function in by_path.get(frame.path, ()):
        node = function.node
        if isinstance(node, ast.Module):
            found = function if frame.name == "<module>" or frame.name in COMPREHENSIONS else None
        elif node.lineno <= frame.line <= (node.end_lineno or node.lineno):
            found = function if frame.name in {function.name, *COMPREHENSIONS} else found
    return found


def seen_sites(program: Program) -> Iterator[AsyncSite]:
    """The one call on a line of which nothing is known, and that was seen to reach a function."""
    for call in {call for calls in seen_calls(program) for call in calls}:
        if call.callee is None or call.callee.is_async or call.callee.is_generator or program.stays_sync(call.function):
            continue
        nodes = [n for n in call.function.own_nodes() if isinstance(n, ast.Call) and call.is_at(n)]
        if any(_is_known(program, n, call.callee) for n in nodes):
            continue
        unknown = [n for n in nodes if not program.values(n.func) and _may_be(n.func, call)]
        if len(unknown) == 1:
            what = f"calls {call.callee.qualname}, as the recording saw"
            yield AsyncSite(call.function, unknown[0], "either", call.callee, what, Confidence.MEDIUM)


def _is_known(program: Program, node: ast.Call, callee: Function) -> bool:
    """Is a function of the name called, as far as is inferred?"""
    known = {key for v in program.values(node.func) if isinstance(v, FunctionObject) for key in (v.key, *v.wrappers)}
    return any(key == callee.key or program.function(key).name == callee.name for key in known)


def _may_be(func: ast.expr, call: SeenCall) -> bool:
    """Can what is called be the function: looked up by its own name, or by none that the code shows?"""
    assert call.callee is not None
    match func:
        case ast.Attribute(attr=name):
            return name == call.callee.name
        case ast.Name(id=name):
            bound = {
                n.id for n in call.function.own_nodes() if isinstance(n, ast.Name) and isinstance(n.ctx, ast.Store)
            }
            return name in {call.callee.name, *bound, *(a.arg for a in call.function.parameters())}
    return True


def gaps(program: Program) -> set[SeenCall]:
    """What was seen to reach the database where nothing is awaited; of each stack the innermost such call."""
    return {call for calls in seen_calls(program) if (call := _gap(program, calls)) is not None}


def _gap(program: Program, calls: list[SeenCall]) -> SeenCall | None:
    colours = program.colours
    for call in calls:
        if call.callee is not None and call.callee.is_async:
            continue  # Whoever calls it awaits it already.
        if call.callee is not None and call.callee not in colours.reasons:
            return None  # It stays sync, which is told of it.
        is_known = call.function in program.vanishing or call.function in colours.boundaries
        if is_known or program.stays_sync(call.function):
            return None
        sites = colours.sites_of(call.function)
        if not any(call.callee is None or call.is_at(site.node) for site in sites):
            return call
    return None
