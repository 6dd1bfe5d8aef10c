"""Async sessions are made without `expire_on_commit=False`.

Every commit then expires the objects of the session, and the next attribute that is read sends a query: under asyncio
it raises MissingGreenlet, in a response model or a template too. A suite whose own factory has the option does not see
it. Give it to every factory.
"""

from __future__ import annotations

from collections.abc import Iterator

from ...analysis.factories import factories
from ...analysis.program import Program
from ..finding import Finding, finding
from ..rule import Example

CODE = "AS303"
NAME = "factory-expires-on-commit"

EXAMPLES = (
    Example(
        bad="""\
from sqlalchemy.ext.asyncio import async_sessionmaker, create_async_engine

SessionLocal = async_sessionmaker(create_async_engine("sqlite+aiosqlite://"), autoflush=False)  # AS303
""",
        good="""\
from sqlalchemy.ext.asyncio import async_sessionmaker, create_async_engine

SessionLocal = async_sessionmaker(
    create_async_engine("sqlite+aiosqlite://"), autoflush=False, expire_on_commit=False
)
""",
    ),
)


def find(program: Program) -> Iterator[Finding]:
    for factory in factories(program):
        if factory.expires:
            message = "a commit expires the objects of these sessions: pass expire_on_commit=False"
            yield finding(factory.function.source, factory.node, CODE, message)
