"""A coroutine function is given to what calls it without await.

What calls it gets a coroutine where it expects a value: a sort compares coroutines, a cache keeps one that can be
awaited only once, a thread or an event listener drops it, and nothing of the function ever runs. Give it a sync
function, work the values out before, or make a task in the callback.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator

from ...analysis.asking import asks
from ...analysis.boundaries import SYNC_DECORATORS, boundary_of
from ...analysis.coroutines import gives_coroutine
from ...analysis.decorators import sync_starter
from ...analysis.program import Program
from ...analysis.symbols import decorator_name
from ...analysis.values import External, FunctionObject, Value
from ..finding import Finding, finding
from ..rule import Example

CODE = "AS205"
NAME = "coroutine-function-handed-over"
# How a library calls what it is given, and what becomes of the coroutine.
DROPPING = {
    "sync": "is called without await there",
    "starts": "is called outside of the event loop, where nothing awaits it",
    "greenlet": "is called without await there: run_sync() is for sync functions",
}

EXAMPLES = (
    Example(
        bad="""\
import click
from celery import Celery

app = Celery()


@app.task(bind=True)  # AS205
async def nightly(self) -> None: ...


@click.command()  # AS205
@click.option("--all")
async def clean(all: bool) -> None: ...
""",
        good="""\
import asyncio
from functools import wraps

import click
from celery import Celery

app = Celery()


async def work() -> None: ...


@app.task(bind=True)
def nightly(self) -> None:
    asyncio.run(work())


def run(function):
    @wraps(function)
    def wrapper(*args, **kwargs):
        return asyncio.run(function(*args, **kwargs))

    return wrapper


@click.command()
@click.option("--all")
@run
async def clean(all: bool) -> None: ...
""",
    ),
    Example(
        bad="""\
import asyncio
from functools import lru_cache
from threading import Thread


async def rank(name: str) -> int:
    await asyncio.sleep(0)
    return len(name)


@lru_cache  # AS205
async def settings() -> dict[str, str]:
    return {}


async def ranked(names: list[str]) -> list[str]:
    Thread(target=rank, args=("first",)).start()  # AS205
    return sorted(names, key=rank)  # AS205
""",
        good="""\
import asyncio
from functools import lru_cache


async def rank(name: str) -> int:
    await asyncio.sleep(0)
    return len(name)


@lru_cache
def settings() -> dict[str, str]:
    return {}


async def ranked(names: list[str]) -> list[str]:
    ranks = dict(zip(names, await asyncio.gather(*map(rank, names))))
    return sorted(names, key=ranks.__getitem__)
""",
    ),
)


def find(program: Program) -> Iterator[Finding]:
    for function in program.functions:
        starter = sync_starter(program, function) if function.is_async else None
        if starter is not None:
            message = f"{function.qualname} is async and {DROPPING['starts']}"
            yield finding(function.source, starter, CODE, message)
        if not function.is_async or not gives_coroutine(program, function):
            continue
        for policy, node in program.handed(function):
            around = program.function_around(node)
            if policy not in DROPPING or around is None or not isinstance(node, ast.expr):
                continue
            if not (_maps(program, node) or asks(around)):
                message = f"{function.qualname} is async and {DROPPING[policy]}"
                yield finding(around.source, node, CODE, message)
        decorator = next((d for d in function.decorators if decorator_name(d) in SYNC_DECORATORS), None)
        boundary = boundary_of(program, function) if decorator is not None else None
        if decorator is not None and boundary is not None and boundary.kind == "callback":
            message = f"{function.qualname} is async and {DROPPING['sync']}"
            yield finding(function.source, decorator, CODE, message)
    for source in program.sources.values():
        for node in source.nodes:
            match node:
                case ast.Call(func=ast.Attribute(attr="add_done_callback"), args=[given, *_]):
                    if any(_is_coroutine_function(program, v) for v in program.values(given)):
                        message = f"{source.text(given)} is async and {DROPPING['sync']}"
                        yield finding(source, node, CODE, message)


def _is_coroutine_function(program: Program, value: Value) -> bool:
    if not isinstance(value, FunctionObject):
        return False
    function = program.function(value.key)
    return function.is_async and gives_coroutine(program, function)


def _maps(program: Program, node: ast.expr) -> bool:
    """Is it `map()`, whose coroutines somebody may gather?"""
    return isinstance(node, ast.Call) and External("map") in program.values(node.func)
