"""A coroutine of the project is not awaited.

What the call gives is a coroutine and not the result: its body never runs, so that a write is lost; in a condition it
is always true, so that every permission is granted; an attribute of it raises AttributeError, which a broad `except`
swallows. Put `await` in front.

Where the object is not known on which a method is called, the rule goes by the name, if all functions of the project
that have it are async.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator

from ...analysis.asking import asks
from ...analysis.coroutines import neglected
from ...analysis.decisions import Confidence
from ...analysis.program import Program
from ...analysis.usage import Fate
from ..finding import Finding, Step, finding
from ..fix import awaited
from ..rule import Example

CODE = "AS202"
NAME = "coroutine-not-awaited"

EXAMPLES = (
    Example(
        bad="""\
import asyncio


class Codes:
    async def are_right(self, code: str) -> bool:
        await asyncio.sleep(0)
        return code == "1234"


async def log_in(codes: Codes, code: str) -> str:
    if not codes.are_right(code):  # AS202
        raise PermissionError
    return "welcome"


async def all_right(codes, texts):
    right = [codes.are_right(text) for text in texts]  # AS202
    return len(right)
""",
        good="""\
import asyncio


class Codes:
    async def are_right(self, code: str) -> bool:
        await asyncio.sleep(0)
        return code == "1234"


async def log_in(codes: Codes, code: str) -> str:
    if not await codes.are_right(code):
        raise PermissionError
    return "welcome"


async def all_right(codes, texts):
    tasks = [codes.are_right(text) for text in texts]
    return await asyncio.gather(*tasks)
""",
    ),
)
WHY = {Fate.DROPPED: "it never runs", Fate.VALUE: "it is used as if it were the result"}


def find(program: Program) -> Iterator[Finding]:
    for made in neglected(program):
        if made.kind == "project" and made.callee is not None:
            source = made.function.source
            known = "" if made.confidence is Confidence.HIGH else " (known by its name)"
            message = f"{made.text} is a coroutine{known} that nobody awaits, {WHY[made.fate]}"
            site = made.callee.site()
            chain = [Step(site.path, site.line, f"{made.what} is async")]
            is_sure = made.confidence is Confidence.HIGH
            fix = awaited(source, made.node, is_safe=is_sure)
            yield finding(source, made.node, CODE, f"{message}: put await before", chain, fix=fix)
    for function in program.functions:
        if function.is_async and not function.is_generator:
            for policy, node in program.handed(function):
                home = program.function_around(node)
                if policy == "thread" and isinstance(node, ast.Call) and home is not None and not asks(home):
                    message = f"{function.qualname} is async: a thread only makes its coroutine, await it instead"
                    yield finding(home.source, node, CODE, message)
