"""What the project must install is listed: SQLAlchemy's asyncio extra, the async driver, the tools of its tests.

sqlalchemy>=2.0                   sqlalchemy[asyncio]>=2.0
                             ->   aiosqlite>=0.20
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from ..analysis.decisions import Confidence, Decision, Plan, Status
from ..analysis.fixtures import is_test, is_test_file
from ..analysis.library import library
from ..analysis.program import Program
from ..analysis.source import Site
from . import started_tests
from .edit import Edit
from .pytest_loop import SCOPES_SINCE
from .pytest_settings import newest
from .requirements import EditedRequirements, Needs, async_driver, below, edit_requirements, listed

NAME = "requirements"
SYNC_DRIVERS = {
    "postgresql": {"psycopg2", "psycopg2-binary", "psycopg", "psycopg-binary", "asyncpg", "pg8000"},
    "mysql": {"pymysql", "mysqlclient", "mysql-connector-python", "aiomysql", "asyncmy"},
}


def decide(program: Program) -> Iterator[Decision]:
    """One decision for each file of requirements, and one for each thing a person has to do there."""
    if not program.colours.reasons:
        return
    edited = _edit(program, {})
    for path in edited.files:
        yield Decision(NAME, Site(path, 1, 0, 1, 0), "list what asyncio needs")
    for note in edited.notes:
        site = Site(note.path, note.line, 0, note.line, 0)
        yield Decision(NAME, site, "update by hand", Status.DECLINED, Confidence.HIGH, note.message)


def rewrite(decision: Decision, program: Program) -> Iterator[Edit]:
    """Nothing in Python files."""
    yield from ()


def project_files(program: Program, plan: Plan, changed: dict[str, bytes]) -> dict[str, bytes]:
    """The files of requirements, when the plan holds this codemod."""
    return _edit(program, changed).files if len(plan.only([NAME])) else {}


def _edit(program: Program, changed: dict[str, bytes]) -> EditedRequirements:
    has = listed(program.root, program.sources)
    used = {dialect for dialect, drivers in SYNC_DRIVERS.items() if drivers & set(has)} | _named(
        program, in_tests=False
    )
    # A suite names server databases that it never reaches; SQLite it runs on.
    tested = (_named(program, in_tests=True) & {"sqlite"}) - used
    allowed = has.get("sqlalchemy", "")
    runtime, tests = (
        {below(async_driver(d, has, program.settings.driver), allowed) for d in dialects if d in library().drivers}
        for dialects in (used, tested)
    )
    needs = Needs(frozenset(runtime - {""}), frozenset({*tests, *_of_tests(program)} - {""}))
    return edit_requirements(program.root, needs, program.sources, changed)


def _named(program: Program, in_tests: bool) -> set[str]:
    """The kinds of database whose URLs stand in the code, or in the tests."""
    sources = [s for path, s in program.sources.items() if is_test_file(path) == in_tests]
    patterns = {dialect: re.compile(rf"[\"']{dialect}(\+\w+)?://".encode()) for dialect in library().drivers}
    return {d for d, pattern in patterns.items() if any(pattern.search(s.content) for s in sources)}


def _of_tests(program: Program) -> Iterator[str]:
    changed = [f for f in program.colours.reasons if is_test_file(f.source.path)]
    if any(is_test(f) or f in program.interpreter.fixtures.functions for f in changed):
        version = newest(program.root, list(program.sources))
        # A suite whose lists hold it below gets its loop another way.
        yield "pytest-asyncio>=0.26" if version is None or version >= SCOPES_SINCE else "pytest-asyncio>=0.18"
    clients = [s for s in program.colours.sites() if s.kind in {"client", "start"}]
    if clients or any(started_tests.decide(program)):
        yield "asgi-lifespan>=2.1"
    if clients or any("TestClient" in p.content.decode() for p in program.sources.values()):
        yield "httpx>=0.23"
