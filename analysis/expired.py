"""Expired objects: what a commit or rollback, here or in a function that is called, makes of the objects at hand.

Each function is walked along its control flow with the names that hold mapped objects. An event expires them; a name
that is bound again, or refreshed, is fresh. What a function does to its callers is summed up: whether it may expire
objects of the session that it was given, which of its parameters it leaves expired, which it reads, and whether what it
returns is expired.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator
from typing import TYPE_CHECKING

from .calling import edges, runs_on_loop, tests_aside
from .cascades import Reach
from .eager_depth import LOADERS
from .expired_states import ENTRY, Read, Summary
from .expired_walk import Walk
from .once import once
from .symbols import Function
from .tracing import objects
from .values import Instance, Values

if TYPE_CHECKING:
    from .program import Program

ROUNDS = 8


class Expired:
    """The reads of expired objects in a program."""

    def __init__(self, program: Program) -> None:
        self.program = program
        self.callees: dict[ast.expr, list[Function]] = {}
        for calls in edges(program).values():
            for node, callee in calls:
                self.callees.setdefault(node, []).append(callee)
        self.summaries: dict[Function, Summary] = {}
        self.reach = Reach(program, self._objects, lambda *_: False, lambda _, r: r.lazy in LOADERS)
        functions = [f for f in tests_aside(program) if not (f.is_module or f.is_lambda)]
        for _ in range(ROUNDS):
            before = {f: s.key() for f, s in self.summaries.items()}
            for function in functions:
                self.summaries[function] = Walk(self, function).summary()
            if before == {f: s.key() for f, s in self.summaries.items()}:
                break
        self._functions = functions

    def reads(self) -> Iterator[Read]:
        """All of them, each object once an event."""
        for function in self._functions:
            if runs_on_loop(self.program, function):
                walk = Walk(self, function)
                walk.summary()
                seen: set[ast.AST] = set()
                for read in walk.reads:
                    if read.event is not ENTRY and read.node not in seen:
                        seen.add(read.node)
                        yield read

    def _objects(self, node: ast.expr) -> list[Instance]:
        """The mapped objects that an expression can be."""
        return [v for v in self.program.values(node) if isinstance(v, Instance) and self.program.mapped(v.cls)]

    def holds(self, values: Values) -> bool:
        """Is there a mapped object among values, or within them?"""
        return any(True for _ in objects(values, lambda cls: self.program.mapped(cls) is not None))


@once
def expired(program: Program) -> Expired:
    """The expired objects of a program, worked out once."""
    return Expired(program)
