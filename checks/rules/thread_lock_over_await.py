"""A lock of `threading` is held while something is awaited.

While the task waits, another one that wants the lock blocks the whole event loop, and the first can never go on: the
process hangs. Use `asyncio.Lock` and `async with`.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator

from ...analysis.calling import runs_on_loop
from ...analysis.library import library
from ...analysis.program import Program
from ...analysis.values import Instance
from ..finding import Finding, finding
from ..rule import Example

CODE = "AS502"
NAME = "thread-lock-over-await"

EXAMPLES = (
    Example(
        bad="""\
import asyncio
import threading

lock = threading.Lock()


async def once() -> None:
    with lock:  # AS502
        await asyncio.sleep(1)
""",
        good="""\
import asyncio

lock = asyncio.Lock()


async def once() -> None:
    async with lock:
        await asyncio.sleep(1)
""",
    ),
)


def find(program: Program) -> Iterator[Finding]:
    for function in program.functions:
        if not runs_on_loop(program, function):
            continue
        for node in function.own_nodes():
            if isinstance(node, ast.With) and _awaits(node):
                for item in node.items:
                    if _is_lock(program, item.context_expr):
                        text = function.source.text(item.context_expr)
                        message = f"{text} is a lock of threads that is held over an await: use asyncio.Lock"
                        yield finding(function.source, item.context_expr, CODE, message)


def _is_lock(program: Program, node: ast.expr) -> bool:
    return any(
        isinstance(v, Instance) and v.cls.startswith("threading.") and any(k.on_loop for k in library().ancestry(v.cls))
        for v in program.values(node)
    )


def _awaits(node: ast.With) -> bool:
    pending: list[ast.AST] = list(node.body)
    while pending:
        current = pending.pop()
        if isinstance(current, ast.Await | ast.AsyncFor | ast.AsyncWith):
            return True
        if not isinstance(current, ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda):
            pending.extend(ast.iter_child_nodes(current))
    return False
