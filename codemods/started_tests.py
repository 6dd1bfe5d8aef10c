"""Tests whose clients are never entered start the application, which no longer makes its tables when it is imported.

    client = TestClient(app)           @pytest.fixture(scope="session", autouse=True)
                                 ->    async def started():
                                           async with LifespanManager(app):
                                               yield

That is done only for a lifespan which holds nothing but what the import did: others were never started by these tests.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator
from itertools import takewhile

from ..analysis.clients import Client
from ..analysis.decisions import Confidence, Decision
from ..analysis.fixtures import is_test_file
from ..analysis.program import Program
from ..analysis.unstarted_clients import is_own, origins, started_origins
from .edit import Edit, Replace
from .imports import request
from .lifespans import application, makes_lifespan
from .pytest_mode import loop_scope, runs_strict, settings, uses_anyio
from .scopes import scopes
from .startup import starts
from .top_level import free_name, returns_none

NAME = "started-tests"
DEFINITIONS = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)


def decide(program: Program) -> Iterator[Decision]:
    """A decision for each file of tests that makes a client of such an application and never enters one."""
    if uses_anyio(program):
        return
    known: dict[str, Decision] = {}
    for client in program.colours.clients.made:
        source, app = client.function.source, client.app
        if isinstance(app, ast.Name) and is_test_file(source.path) and _needs_start(program, client, app):
            decision = Decision(
                NAME,
                source.site(client.node),
                "start the application for the tests",
                confidence=Confidence.MEDIUM,
                data={"app": app.id},
                node=client.node,
            )
            known.setdefault(source.path, decision)
    yield from known.values()


def _needs_start(program: Program, client: Client, app: ast.Name) -> bool:
    """Is it a client of an application that gets a lifespan, which nothing in its file runs?"""
    is_global = scopes(client.function.source).module.binds(app.id) and not is_own(client.function, app)
    if program.colours.clients.why_sync(client.node) or not (is_global or client.function.is_module):
        return False
    entered = {s.function.source for s in program.colours.sites() if s.kind == "client"}
    return client.function.source not in entered and all(_gets_lifespan(program, o) for o in origins(program, client))


def _gets_lifespan(program: Program, origin: str) -> bool:
    """Is an application one that gets a lifespan, by the place where it is made?"""
    if origin in started_origins(program, program.colours.factories.values()):
        return True
    source = program.sources.get(origin.rsplit(":", 2)[0])
    made = application(program, source) if source and source.path in starts(program) else None
    return source is not None and made is not None and makes_lifespan(program, source, made)


def rewrite(decision: Decision, program: Program) -> Iterator[Edit]:
    """The fixture, above the first definition."""
    source = program.sources[decision.site.path]
    fixture, *wanted = request(source, "pytest_asyncio" if runs_strict(program) else "pytest", None)
    manager, *more = request(source, "asgi_lifespan", "LifespanManager")
    scope = 'scope="session", ' if (settings(program).loop_scope or loop_scope(program)) == "session" else ""
    text = (
        f"@{fixture}.fixture({scope}autouse=True)\n"
        f"async def {free_name(source, 'started')}(){returns_none(source).replace('None', 'AsyncIterator[None]')}:\n"
        f"    async with {manager}({decision.data['app']}):\n"
        f"        yield\n"
    )
    # The application is imported above the first definition.
    *_, above = takewhile(lambda s: not isinstance(s, DEFINITIONS), source.tree.body)
    end = source.content.find(b"\n", source.span(above)[1])
    yield Replace(end, end, f"\n\n\n{text.rstrip()}")
    if "AsyncIterator" in text:
        _, *iterator = request(source, "collections.abc", "AsyncIterator")
        more += iterator
    yield from (edit for edit in (*wanted, *more) if edit)
