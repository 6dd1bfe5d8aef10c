"""Tables are created and dropped through `run_sync` on an async connection.

Before:

    def create_tables():
        Base.metadata.create_all(bind=engine)

After:

    async def create_tables():
        async with engine.begin() as connection:
            await connection.run_sync(Base.metadata.create_all)

What a module does when it is imported is run with `asyncio.run` in tests and scripts.
"""

from __future__ import annotations

import ast
from collections import defaultdict
from collections.abc import Iterator, Mapping

from ..analysis.async_sites import AsyncSite
from ..analysis.decisions import Decision, Status
from ..analysis.program import Program
from ..analysis.schema import is_looking
from .carried import LEFT, Work, carried, decided
from .edit import Edit
from .kept_inspectors import kept_inspectors
from .removal import without
from .schema_calls import SchemaCall, in_place, schema_call, together
from .schema_inspect import on_connection, on_engine, readings, stretches
from .schema_modules import Moved, at_import, in_a_row
from .session_scope import is_sync_facade
from .startup import is_moved

NAME = "schema"


def decide(program: Program) -> Iterator[Decision]:
    """A decision for each call, or run of calls on one engine."""
    sites = {s.node: s for s in program.colours.sites() if s.kind == "schema"}
    shown = [s for s in sites.values() if not is_sync_facade(program, s.function.source, s.node)]
    looking = [s for s in shown if isinstance(s.node, ast.Call) and is_looking(program, s.node)]
    yield from _looking(program, sites, looking)
    found: list[SchemaCall] = []
    for site in shown:
        if site in looking:
            continue
        assert isinstance(site.node, ast.Call)
        call = schema_call(program, site.function, site.node)
        if isinstance(call, str):
            yield _decision(program, site, LEFT, [], call)
        else:
            found.append(call)
    names: defaultdict[str, set[str]] = defaultdict(set)
    found = [call for call in found if not is_moved(program, sites[call.call])]
    for groups in in_a_row(together(found)):
        site = sites[groups[0][0].call]
        if site.function.is_module and not _can_await(program, site):
            yield _at_import(program, site, groups, names[site.function.source.path])
    for group in together(found):
        site = sites[group[0].call]
        if _can_await(program, site):
            yield _decision(program, site, "run it on an async connection", in_place(program, group))
        elif not site.function.is_module:
            yield _decision(program, site, LEFT, [], _why_sync(program, site))


def _looking(program: Program, sites: Mapping[ast.expr, AsyncSite], looking: list[AsyncSite]) -> Iterator[Decision]:
    """Inspectors and reflection."""
    kept = list(kept_inspectors(program, looking))
    for inspector in kept:
        gone = list(without(inspector.source, inspector.statement))
        yield _decision(program, sites[inspector.opening], "make one for each reader, on its own connection", gone)
    found = list(readings(program, [s for s in looking if _can_await(program, s)], kept))
    shared = stretches(program, found)
    for stretch in shared:
        site = sites[stretch.readings[0].opening]
        yield _decision(program, site, "look at the tables on an async connection", on_engine(program, stretch))
    on_engines = {id(r) for stretch in shared for r in stretch.readings}
    for reading in found:
        if reading.concern:
            yield _decision(program, sites[reading.opening], LEFT, [], reading.concern)
        elif id(reading) not in on_engines:
            edits = on_connection(reading)
            yield _decision(program, sites[reading.opening], "look at the tables inside run_sync", edits)
    for site in looking:
        if not _can_await(program, site) and all(site.node is not inspector.opening for inspector in kept):
            yield _decision(program, site, LEFT, [], _why_sync(program, site))


def _can_await(program: Program, site: AsyncSite) -> bool:
    return program.colours.can_await(site.function, site.node)


def _why_sync(program: Program, site: AsyncSite) -> str:
    boundary = program.colours.boundaries.get(site.function)
    return boundary.why if boundary else "this function stays sync"


def rewrite(decision: Decision, program: Program) -> Iterator[Edit]:
    """The edits that were worked out when the decision was made."""
    yield from carried(decision)


def _at_import(program: Program, site: AsyncSite, groups: list[list[SchemaCall]], names: set[str]) -> Decision:
    moved = at_import(program, groups, names)
    if isinstance(moved, Moved):
        return _decision(program, site, moved.action, moved.edits)
    return _decision(program, site, LEFT, [], moved)


def _decision(program: Program, site: AsyncSite, action: str, edits: list[Edit], concern: str = "") -> Decision:
    status = Status.DECLINED if concern else Status.DONE
    work = Work(site.function.source, site.node, action, edits, concern, status)
    return decided(program, NAME, work, program.colours.site_chain(site))
