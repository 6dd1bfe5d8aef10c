"""Code that asks whether a function is a coroutine function, and calls it accordingly."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from typing import TYPE_CHECKING

from .symbols import Function, dotted
from .values import External, FunctionObject

if TYPE_CHECKING:
    from .program import Program

ASKING = frozenset(
    {"inspect.iscoroutinefunction", "asyncio.iscoroutinefunction", "asyncio.coroutines.iscoroutinefunction"}
)
ASKING_NAMES = frozenset({"iscoroutinefunction", "isawaitable", "iscoroutine", "is_coroutine_function"})
_LEAVING = (ast.Return, ast.Raise, ast.Continue, ast.Break)


def asks(function: Function) -> bool:
    """Does a function ask of anything whether it can be awaited, and so know what it does with it?"""
    return any(
        isinstance(n, ast.Call) and dotted(n.func).rpartition(".")[2] in ASKING_NAMES for n in function.own_nodes()
    )


def is_asked(program: Program, function: Function, node: ast.Call) -> bool:
    """Does a call stand where it depends on its callee's colour, which is awaited where it has to be?"""
    if not isinstance(node.func, ast.Name | ast.Attribute):
        return False
    callee = ast.dump(node.func)
    if not any(_asks(program, test, callee) for test in _tests(function, node)):
        return False
    awaited = (n.value for n in function.own_nodes() if isinstance(n, ast.Await))
    return any(isinstance(call, ast.Call) and ast.dump(call.func) == callee for call in awaited)


def _tests(function: Function, node: ast.AST) -> Iterator[ast.expr]:
    """The tests that decide whether a node is reached: those around it, and of an `if` above that always leaves."""
    parents = function.source.parents
    while node is not function.node:
        parent = parents[node]
        found = [parent] if isinstance(parent, ast.If | ast.IfExp) and node is not parent.test else []
        for name in ("body", "orelse", "finalbody"):
            block = getattr(parent, name, None)
            if isinstance(block, list) and node in block:
                above = [s for s in block[: block.index(node)] if isinstance(s, ast.If)]
                found += [s for s in above if isinstance(s.body[-1], _LEAVING)]
        for condition in found:
            test = condition.test
            yield test.operand if isinstance(test, ast.UnaryOp) and isinstance(test.op, ast.Not) else test
        node = parent


def _asks(program: Program, test: ast.expr, callee: str) -> bool:
    match test:
        case ast.Call(func=asking, args=[ast.Name() | ast.Attribute() as asked]) if ast.dump(asked) == callee:
            return any(_is_asking(program, value) for value in program.values(asking))
    return False


def _is_asking(program: Program, value: object) -> bool:
    """`inspect.iscoroutinefunction`, or a function of the project that passes its parameter on to that."""
    match value:
        case External(name=name):
            return name in ASKING
        case FunctionObject(key=key):
            function = program.function(key)
            own = [p.arg for p in function.parameters()][-1:]
            return any(
                isinstance(n, ast.Call)
                and any(isinstance(v, External) and v.name in ASKING for v in program.values(n.func))
                and [a.id for a in n.args if isinstance(a, ast.Name)] == own
                for n in function.own_nodes()
            )
    return False
