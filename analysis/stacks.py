"""Exit stacks that hold something async: `AsyncExitStack` takes the place of each.

A stack's own entering and closing is awaited as soon as one thing that it holds has to be.
"""

from __future__ import annotations

import ast
from collections import defaultdict
from typing import TYPE_CHECKING

from .symbols import Function
from .values import External, Instance, Values

if TYPE_CHECKING:
    from .colours import Colours
    from .program import Program

STACK = "contextlib.ExitStack"
# What a stack is given something to end with, and the method of the async one for what is async.
HOLDING = {"enter_context": "enter_async_context", "push": "push_async_exit", "callback": "push_async_callback"}


def holding_method(program: Program, node: ast.AST | None) -> str:
    """The method by which a stack is given what it is to end; "" for any other call."""
    if not (isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr in HOLDING):
        return ""
    is_stack = any(isinstance(v, External) and v.name.startswith(STACK) for v in program.values(node.func))
    return node.func.attr if is_stack and node.args and not isinstance(node.args[0], ast.Starred) else ""


class Stacks:
    """The stacks of a program, by the places where they are made."""

    def __init__(self, program: Program) -> None:
        self._program = program
        self._ends: defaultdict[str, list[tuple[Function, ast.expr, str]]] = defaultdict(list)
        self.held: set[str] = set()
        for function in program.functions:
            for node in function.own_nodes():
                if isinstance(node, ast.expr):
                    self._note(function, node)

    def _note(self, function: Function, node: ast.expr) -> None:
        parents = function.source.parents
        for origin in _origins(self._program.values(node)):
            match parents.get(node):
                case ast.withitem():
                    self._ends[origin].append((function, node, "with"))
                case ast.Attribute(attr="close") as method:
                    call = parents.get(method)
                    if isinstance(call, ast.Call) and call.func is method:
                        self._ends[origin].append((function, call, "stack end"))

    def settle(self, colours: Colours) -> list[tuple[Function, ast.expr, str]]:
        """Where stacks are entered and closed that, as the colours stand, hold something async."""
        found = []
        for site in list(colours.sites()):
            if site.kind != "stack" or not colours.may_await(site.function):
                continue
            if isinstance(site.node, ast.Call) and isinstance(site.node.func, ast.Attribute):
                for origin in _origins(self._program.values(site.node.func.value)) - self.held:
                    self.held.add(origin)
                    found.extend(self._ends[origin])
        return found


def _origins(values: Values) -> set[str]:
    return {v.origin for v in values if isinstance(v, Instance) and v.cls == STACK and v.origin}
