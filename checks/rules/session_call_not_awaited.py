"""A call of an async session, connection, engine or transaction is not awaited.

The call only makes a coroutine: nothing is sent to the database, and what is read from the coroutine raises
AttributeError, or nobody notices at all. Put `await` in front.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator

from ...analysis.library import LibraryClass, library
from ...analysis.program import Program
from ...analysis.values import Instance
from ..finding import Finding, finding
from ..fix import awaited
from ..rule import Example

CODE = "AS201"
NAME = "session-call-not-awaited"

EXAMPLES = (
    Example(
        bad="""\
from sqlalchemy.ext.asyncio import AsyncSession


async def save(session: AsyncSession, user: object) -> None:
    session.add(user)
    session.commit()  # AS201
""",
        good="""\
from sqlalchemy.ext.asyncio import AsyncSession


async def save(session: AsyncSession, user: object) -> None:
    session.add(user)
    await session.commit()
""",
    ),
)
# What may be done with a coroutine besides awaiting it here.
HANDLED = (ast.Await, ast.Return, ast.Yield, ast.Lambda, ast.Call, ast.Starred, ast.keyword)


def find(program: Program) -> Iterator[Finding]:
    for source in program.sources.values():
        for node in source.nodes:
            match node:
                case ast.Call(func=ast.Attribute(value=receiver, attr=method)) if not isinstance(
                    source.parents[node], HANDLED
                ):
                    if cls := _class_with_coroutine(program, receiver, method):
                        text = f"{source.text(node.func)}()"
                        message = f"{text} of {cls} is a coroutine: await it"
                        yield finding(source, node, CODE, message, fix=awaited(source, node))


def _class_with_coroutine(program: Program, receiver: ast.expr, method: str) -> str:
    """The name of the async class whose coroutine a method of the receiver is; "" where it is none."""
    for value in program.values(receiver):
        if isinstance(value, Instance):
            for base in program.interpreter.objects.ancestry(value.cls):
                if base in _SYNC_CLASSES and _is_coroutine(base, method):
                    return base.rpartition(".")[2]
    return ""


def _is_coroutine(cls: str, method: str) -> bool:
    """Is it a coroutine: does it say so in the tables, or do I/O in the class that it stands for?"""
    own = library().method(cls, method)
    if own is not None:
        return own.returns.startswith("await[")
    counterpart = library().method(_SYNC_CLASSES[cls].name, method)
    return counterpart is not None and counterpart.io and not counterpart.sync_only


_SYNC_CLASSES: dict[str, LibraryClass] = {c.asynchronous: c for c in library().classes.values() if c.asynchronous}
