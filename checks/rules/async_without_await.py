"""A function is async and waits for nothing.

Each caller pays for a coroutine, and has to be async itself, for no reason; in a migration it is what is left when the
call that made it async has gone. Make it a plain function. One that others override, that a framework calls, or that is
handed about keeps the form that these ask for.
"""

from __future__ import annotations

import ast
from collections import defaultdict
from collections.abc import Iterator

from ...analysis.blocking import blocking
from ...analysis.calling import edges, tests_aside
from ...analysis.coroutines import neglected
from ...analysis.program import Program
from ...analysis.session_use import is_async_database, is_sync_database
from ...analysis.symbols import Function
from ..finding import Finding, finding
from ..rule import Example

CODE = "AS706"
NAME = "async-without-await"
WAITING = (ast.Await, ast.AsyncFor, ast.AsyncWith, ast.Yield, ast.YieldFrom)

EXAMPLES = (
    Example(
        bad="""\
from sqlalchemy.ext.asyncio import AsyncSession


async def title(name: str) -> str:  # AS706
    return name.title()


async def greet(session: AsyncSession, name: str) -> str:
    await session.commit()
    return await title(name)
""",
        good="""\
from sqlalchemy.ext.asyncio import AsyncSession


def title(name: str) -> str:
    return name.title()


async def greet(session: AsyncSession, name: str) -> str:
    await session.commit()
    return title(name)
""",
    ),
)


def find(program: Program) -> Iterator[Finding]:
    callers: defaultdict[Function, list[tuple[Function, ast.expr]]] = defaultdict(list)
    for function, calls in edges(program).items():
        for node, callee in calls:
            callers[callee].append((function, node))
    for function in tests_aside(program):
        places = callers[function]
        if _waits_for_nothing(program, function) and places and all(_is_awaited(*place) for place in places):
            assert isinstance(function.node, ast.AsyncFunctionDef)
            message = f"{function.qualname} is async and waits for nothing: make it a plain function"
            yield finding(function.source, function.node, CODE, message)


def _waits_for_nothing(program: Program, function: Function) -> bool:
    """Is it async by its own choice alone: neither decorated nor overridden nor handed about?"""
    if not function.is_async or function.decorators or function.is_stub or program.handed(function):
        return False
    if function.name.startswith("__") or not _is_alone(program, function) or _should_wait(program, function):
        return False
    nodes = function.own_nodes()
    is_waiting = any(isinstance(n, WAITING) or (isinstance(n, ast.comprehension) and n.is_async) for n in nodes)
    return not is_waiting and not all(isinstance(s, ast.Raise | ast.Pass | ast.Expr) for s in function.body)


def _should_wait(program: Program, function: Function) -> bool:
    """Does it block, or reach a database, or make a coroutine that nobody awaits? Other rules say so, and mend it."""
    if any(made.function is function for made in neglected(program)) or any(blocking(program).in_function(function)):
        return True
    reached = [function]
    for deeper in reached:
        if _uses_database(program, deeper):
            return True
        reached.extend(f for f in dict.fromkeys(c for _, c in edges(program).get(deeper, ())) if f not in reached)
    return False


def _uses_database(program: Program, function: Function) -> bool:
    known = (program.values(n) for n in function.own_nodes() if isinstance(n, ast.Name | ast.Attribute))
    return any(is_async_database(program, values) or is_sync_database(program, values) for values in known)


def _is_alone(program: Program, function: Function) -> bool:
    """Is it no method, or one of a class without bases that nobody derives from, and that no Protocol asks for?"""
    if function.owner is None:
        return True
    objects, own = program.interpreter.objects, function.owner
    asking = (c for c in objects.classes.values() if function.name in c.methods and objects.is_protocol(c.key))
    return (
        not own.node.bases
        and not any(own.key in objects.ancestry(c.key) for c in objects.classes.values() if c is not own)
        and not any(own.key in objects.implementers(c.key) for c in asking)
    )


def _is_awaited(caller: Function, node: ast.expr) -> bool:
    return isinstance(caller.source.parents.get(node), ast.Await)
