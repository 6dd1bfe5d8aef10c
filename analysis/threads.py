"""Functions that run in a thread while the caller waits: what stands between the two goes when both are async."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

from .machinery import known

if TYPE_CHECKING:
    from .program import Program

MAKER = "thread maker"


def handing_call(program: Program, node: ast.Call) -> ast.Call | None:
    """The call that hands a function to a thread: the node itself, or `pool.submit(…)` in `pool.submit(…).result()`."""
    match node.func:
        case ast.Attribute(value=ast.Call() as inner, attr="result") if _hands(program, inner, "starts"):
            return inner
    return node if _hands(program, node, "thread") else None


def _hands(program: Program, node: ast.Call, policy: str) -> bool:
    return any((k := known(v)) is not None and k.calls == policy for v in program.values(node.func))


def handed_function(program: Program, node: ast.Call) -> ast.expr | None:
    """The function that a handing call passes on."""
    position = next((k.position for v in program.values(node.func) if (k := known(v)) is not None), 0)
    given = node.args[position] if len(node.args) > position else None
    return None if isinstance(given, ast.Starred) else given


def made_for_a_thread(program: Program, node: ast.Call) -> ast.expr | None:
    """The function in `sync_to_async(function)`."""
    return node.args[0] if node.args and _hands(program, node, MAKER) else None
