"""A fixture keeps an async engine for several tests, and each test has an event loop of its own.

A pooled connection belongs to the loop that opened it: the second test gets "attached to a different loop". Let tests
and fixtures share a loop, with `asyncio_default_fixture_loop_scope` and `asyncio_default_test_loop_scope` or
`loop_scope="session"`, or make the engine with `poolclass=NullPool`.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator

from ...analysis.fixtures import fixture_scope, is_test
from ...analysis.program import Program
from ...analysis.settings_files import pytest_settings
from ...analysis.symbols import Function
from ...analysis.values import Instance
from ..finding import Finding, finding
from ..rule import Example

CODE = "AS802"
NAME = "fixture-loop"
POOLED = frozenset({"sqlalchemy.ext.asyncio.AsyncEngine", "sqlalchemy.ext.asyncio.async_sessionmaker"})
# Drivers whose connections belong to a loop; SQLite's has a thread of its own.
DRIVERS = (b"asyncpg", b"psycopg", b"aiomysql", b"asyncmy")
# Whoever speaks of one of these has thought of it: loops with a scope, one loop, no pool, another plugin.
SETTLED = (b"loop_scope", b"def event_loop", b"NullPool", b"mark.anyio", b"anyio_backend")

EXAMPLES = (
    Example(
        path="test_app.py",
        bad="""\
import pytest
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine


@pytest.fixture(scope="session")
def engine():  # AS802
    return create_async_engine("postgresql+asyncpg://localhost/test")


@pytest.mark.asyncio
async def test_it(engine: AsyncEngine) -> None:
    async with engine.connect() as connection:
        assert await connection.scalar(text("select 1")) == 1
""",
        good="""\
import pytest
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine


@pytest.fixture(scope="session")
def engine():
    return create_async_engine("postgresql+asyncpg://localhost/test")


@pytest.mark.asyncio(loop_scope="session")
async def test_it(engine: AsyncEngine) -> None:
    async with engine.connect() as connection:
        assert await connection.scalar(text("select 1")) == 1
""",
    ),
)


def find(program: Program) -> Iterator[Finding]:
    texts = [*(source.content for source in program.sources.values()), *pytest_settings(program.root)]
    if any(word in text for text in texts for word in SETTLED):
        return
    if not any(driver in text for text in texts for driver in DRIVERS):
        return
    wide = {f for f in program.interpreter.fixtures.functions if fixture_scope(f) != "function" and _keeps(program, f)}
    fixtures = program.interpreter.fixtures
    used = {f for test in program.functions if is_test(test) and test.is_async for f in fixtures.asked_for(test)}
    for fixture in sorted(wide & used, key=lambda f: f.key):
        assert isinstance(fixture.node, ast.FunctionDef | ast.AsyncFunctionDef)
        message = f"{fixture.name} keeps connections of one event loop for tests that have a loop each"
        yield finding(fixture.source, fixture.node, CODE, message)


def _keeps(program: Program, fixture: Function) -> bool:
    """Does it give an engine, or a factory over one?"""
    store = program.interpreter.store
    given = store.peek("return", fixture.key) | store.peek("yield", fixture.key)
    return any(isinstance(v, Instance) and v.cls in POOLED for v in given)
