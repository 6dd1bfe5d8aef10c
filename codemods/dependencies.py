"""What the project must install is listed: SQLAlchemy's asyncio extra, the async driver, the tools of its tests.

sqlalchemy>=2.0                   sqlalchemy[asyncio]>=2.0
                             ->   aiosqlite>=0.20
"""

from __future__ import annotations

from collections.abc import Iterator

from ..analysis.decisions import PROJECT, Confidence, Decision, Plan, Status
from ..analysis.fixtures import is_test, is_test_file
from ..analysis.library import library
from ..analysis.program import Program
from ..analysis.source import Site
from ..analysis.sync_urls import sync_urls
from . import started_tests
from .drivers import ASYNC, PACKAGES, dialects, drivername, named, packages, unlisted
from .edit import Edit
from .pytest_loop import SCOPES_SINCE
from .pytest_settings import newest
from .requirements import EditedRequirements, Needs, async_driver, below, edit_requirements, listed

NAME = "requirements"


def decide(program: Program) -> Iterator[Decision]:
    """One decision for each file of requirements, and one for each thing a person has to do there."""
    if not program.colours.reasons:
        return
    edited = _edit(program, {})
    for path in edited.files:
        yield Decision(NAME, Site(path, 1, 0, 1, 0), "list what asyncio needs")
    for dialect in sorted(unlisted(program)):
        needed = async_driver(dialect, packages(program), program.settings.driver)
        concern = (
            f"no driver of {dialect} is listed, but its URL stands in the code: where that is used, it needs {needed}"
        )
        yield Decision(NAME, Site(PROJECT, 1, 0, 1, 0), "update by hand", Status.DECLINED, Confidence.HIGH, concern)
    yield from _staying(program)
    for note in edited.notes:
        site = Site(note.path, note.line, 0, note.line, 0)
        yield Decision(NAME, site, "update by hand", Status.DECLINED, Confidence.HIGH, note.message)


def rewrite(decision: Decision, program: Program) -> Iterator[Edit]:
    """Nothing in Python files."""
    yield from ()


def project_files(program: Program, plan: Plan, changed: dict[str, bytes]) -> dict[str, bytes]:
    """The files of requirements, when the plan holds this codemod."""
    return _edit(program, changed).files if len(plan.only([NAME])) else {}


def _staying(program: Program) -> Iterator[Decision]:
    """The sync drivers, which are never taken out: what reads the lists beside the project's code is not known."""
    reason = "nothing else in the project is known to use it: take it out if nothing beside it does"
    if "alembic" in packages(program):
        reason = "Alembic's migrations connect with it"
    elif any(sync_urls(program)):
        reason = "sync engines connect with it"
    elif program.kept:
        reason = "code that stays sync on purpose may use it"
    for dialect in sorted(dialects(program) & PACKAGES.keys()):
        asynchronous = drivername(program, dialect).partition("+")[2]
        for package in sorted(PACKAGES[dialect] & packages(program).keys()):
            if asynchronous and not package.startswith(asynchronous) and package not in ASYNC:
                action = f"{package} stays listed beside {asynchronous}: {reason}"
                yield Decision(NAME, Site(PROJECT, 1, 0, 1, 0), action, Status.KEPT)


def _edit(program: Program, changed: dict[str, bytes]) -> EditedRequirements:
    has = listed(program.root, program.sources)
    used = dialects(program)
    # A suite names server databases that it never reaches; SQLite it runs on.
    tested = (named(program, in_tests=True) & {"sqlite"}) - used
    allowed = has.get("sqlalchemy", "")
    runtime, tests = (
        {below(async_driver(d, has, program.settings.driver), allowed) for d in kinds if d in library().drivers}
        for kinds in (used, tested)
    )
    needs = Needs(frozenset(runtime - {""}), frozenset({*tests, *_of_tests(program)} - {""}))
    return edit_requirements(program.root, needs, program.sources, changed)


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
