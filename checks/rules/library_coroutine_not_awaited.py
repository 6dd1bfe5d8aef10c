"""A coroutine of a library is not awaited.

The call only makes a coroutine, and nothing happens: a client that is never closed, a pause that is none. Put `await`
in front.
"""

from __future__ import annotations

from collections.abc import Iterator

from ...analysis.coroutines import neglected
from ...analysis.program import Program
from ..finding import Finding, finding
from ..fix import awaited
from ..rule import Example

CODE = "AS203"
NAME = "library-coroutine-not-awaited"

EXAMPLES = (
    Example(
        bad="""\
import asyncio

import aiohttp


async def fetch(url: str) -> str:
    session = aiohttp.ClientSession()
    async with session.get(url) as response:
        text = await response.text()
    asyncio.sleep(1)  # AS203
    session.close()  # AS203
    return text
""",
        good="""\
import asyncio

import aiohttp


async def fetch(url: str) -> str:
    session = aiohttp.ClientSession()
    async with session.get(url) as response:
        text = await response.text()
    await asyncio.sleep(1)
    await session.close()
    return text
""",
    ),
)


def find(program: Program) -> Iterator[Finding]:
    for made in neglected(program):
        if made.kind == "library":
            source = made.function.source
            message = f"{made.text} is a coroutine ({made.what}) that nobody awaits: put await before"
            yield finding(source, made.node, CODE, message, fix=awaited(source, made.node))
