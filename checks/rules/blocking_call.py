"""A call blocks the event loop.

While one task waits in a blocking call all others stand still: requests that have nothing to do with it time out. The
chain shows the way from the async function down to the call. Await the async counterpart, or run the call in a thread:
`await asyncio.to_thread(function, …)`. A script whose one task has the loop for itself may read files and ask its user.
"""

from __future__ import annotations

from collections.abc import Iterator

from ...analysis.blocking import FOR_SCRIPTS, blocking
from ...analysis.calling import run_alone, runs_on_loop, tests_aside
from ...analysis.library import library
from ...analysis.program import Program
from ..finding import Finding, finding
from ..rule import Example

CODE = "AS501"
NAME = "blocking-call"

EXAMPLES = (
    Example(
        bad="""\
import time

import requests


def fetch(url: str) -> str:
    return requests.get(url).text


async def poll(url: str) -> str:
    time.sleep(1)  # AS501
    return fetch(url)  # AS501
""",
        good="""\
import asyncio

import requests


def fetch(url: str) -> str:
    return requests.get(url).text


async def poll(url: str) -> str:
    await asyncio.sleep(1)
    return await asyncio.to_thread(fetch, url)
""",
    ),
    Example(
        bad="""\
from typing import Protocol

import bcrypt


class Hasher(Protocol):
    def matches(self, password: bytes, known: bytes) -> bool: ...


class Bcrypt:
    def matches(self, password: bytes, known: bytes) -> bool:
        return bcrypt.checkpw(password, known)


async def log_in(hasher: Hasher, password: bytes, known: bytes) -> bool:
    return hasher.matches(password, known)  # AS501
""",
        good="""\
import asyncio
from typing import Protocol

import bcrypt


class Hasher(Protocol):
    def matches(self, password: bytes, known: bytes) -> bool: ...


class Bcrypt:
    def matches(self, password: bytes, known: bytes) -> bool:
        return bcrypt.checkpw(password, known)


async def log_in(hasher: Hasher, password: bytes, known: bytes) -> bool:
    return await asyncio.to_thread(hasher.matches, password, known)
""",
    ),
)


def find(program: Program) -> Iterator[Finding]:
    for function in tests_aside(program):
        if not runs_on_loop(program, function):
            continue
        for block in blocking(program).in_function(function):
            if block.kind in FOR_SCRIPTS and function in run_alone(program):
                continue
            known = library().blocking[block.kind]
            call = program.short(function.source, block.node)
            message = f"{call} {known.what} and blocks the event loop: {known.instead}"
            yield finding(function.source, block.node, CODE, message, block.chain)
