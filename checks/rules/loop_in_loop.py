"""A second event loop is started below a running one.

`asyncio.run()` and `run_until_complete()` raise RuntimeError where a loop runs already; in a thread of its own such a
loop works on an engine whose connections belong to another one. `nest_asyncio` hides the first and not the second.
Make the functions on the way async, and await.
"""

from __future__ import annotations

import ast
from collections import defaultdict, deque
from collections.abc import Iterator

from ...analysis.calling import edges, runs_on_loop
from ...analysis.decisions import Step
from ...analysis.library import library
from ...analysis.program import Program
from ...analysis.symbols import Function
from ...analysis.values import External, Instance
from ..finding import Finding, finding
from ..rule import Example

CODE = "AS401"
NAME = "loop-in-loop"

EXAMPLES = (
    Example(
        bad="""\
import asyncio


async def load() -> int:
    return 1


def load_now() -> int:
    return asyncio.run(load())


async def show() -> int:
    return load_now()  # AS401
""",
        good="""\
import asyncio


async def load() -> int:
    return 1


def main() -> int:
    return asyncio.run(load())


async def show() -> int:
    return await load()
""",
    ),
)
# What runs a coroutine below a running loop by design.
MADE_FOR_IT = ("greenback.", "awaitlet.")


def find(program: Program) -> Iterator[Finding]:
    ways = _ways(program)
    for function in program.functions:
        if runs_on_loop(program, function):
            for node in _runs(program, function):
                yield _finding(function, node, ())
            for place, callee in edges(program).get(function, ()):
                if callee in ways:
                    yield _finding(function, place, ways[callee])


def _finding(function: Function, node: ast.expr, chain: tuple[Step, ...]) -> Finding:
    message = "starts an event loop where one runs already: await instead"
    return finding(function.source, node, CODE, message, chain)


def _ways(program: Program) -> dict[Function, tuple[Step, ...]]:
    """The sync functions that start a loop, with the way to where they do."""
    callers: defaultdict[Function, list[tuple[ast.expr, Function]]] = defaultdict(list)
    for function, calls in edges(program).items():
        for node, callee in calls:
            callers[callee].append((node, function))
    queue: deque[tuple[Function, tuple[Step, ...]]] = deque()
    for function in program.functions:
        for node in _runs(program, function):
            queue.append((function, (Step(function.source.site(node), "starts an event loop"),)))
    found: dict[Function, tuple[Step, ...]] = {}
    while queue:
        function, chain = queue.popleft()
        if function in found or function.is_module or runs_on_loop(program, function) or _asks(function):
            continue
        found[function] = chain
        for node, caller in callers[function]:
            queue.append((caller, (Step(caller.source.site(node), f"calls {function.qualname}"), *chain)))
    return found


def _asks(function: Function) -> bool:
    """Does the function look whether a loop runs, to do something else then?"""
    asking = {"get_running_loop", "_get_running_loop", "is_running", "current_async_library"}
    return any(isinstance(n, ast.Attribute | ast.Name) and _name(n) in asking for n in function.own_nodes())


def _name(node: ast.Attribute | ast.Name) -> str:
    return node.attr if isinstance(node, ast.Attribute) else node.id


def _runs(program: Program, function: Function) -> Iterator[ast.Call]:
    for node in function.own_nodes():
        if isinstance(node, ast.Call):
            made = program.values(node.func.func) if isinstance(node.func, ast.Call) else ()
            if any(map(_starts_loop, program.values(node.func))) or any(map(_makes_runner, made)):
                yield node


def _makes_runner(value: object) -> bool:
    """`async_to_sync(function)`, which gives what runs it."""
    known = library().functions.get(value.name) if isinstance(value, External) else None
    return bool(known and known.runs == "maker")


def _starts_loop(value: object) -> bool:
    match value:
        case External(name=name, receiver=None):
            known = library().functions.get(name)
            return bool(known and known.runs in {"awaitable", "function"}) and not name.startswith(MADE_FOR_IT)
        case External(name=name, receiver=Instance()):
            known = library().method(*name.rpartition(".")[::2])
            return bool(known and known.runs == "awaitable")
    return False
