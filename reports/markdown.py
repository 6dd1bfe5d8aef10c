"""Reports in Markdown, from the facts: the trace for reviewers, and the text of a pull request."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cache
from itertools import groupby
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined

MOST_RANGES = 6
WORDS = {
    "adapters": "adapters deleted",
    "alembic-calls": "what Alembic is given made sync",
    "alembic-engines": "engines made anew for Alembic",
    "application-factories": "what making applications did moved into lifespans",
    "async-def": "functions made async",
    "async-functions": "functions of libraries replaced by async ones",
    "autocommit": "statements committed that committed by themselves",
    "await-calls": "calls awaited",
    "blocking-calls": "blocking calls moved to a thread",
    "border-calls": "sessions lent to code that stays sync",
    "bridges": "bridges deleted",
    "cached-functions": "caches of functions that hold tasks",
    "cli-runners": "commands with a loop of their own run in a thread",
    "connection-errors": "handlers that catch OSError too",
    "constructors": "constructors that await made class methods",
    "datetimes": "datetimes given the zone of their column",
    "decorators": "decorators that wrap both colours",
    "engines": "engines and factories made async",
    "entry-points": "entry points run with asyncio.run",
    "exit-stacks": "exit stacks made async",
    "facades": "attributes read on the sync side",
    "fixture-requests": "fixtures asked for by parameter",
    "fixture-scopes": "fixtures given another scope",
    "gathers": "gathers over one session awaited one after the other",
    "generator-ends": "ends of async generators caught",
    "handed-functions": "finalizers and the like awaited in place",
    "implicit-io": "lazy loads made explicit",
    "import-sessions": "sessions made at import replaced",
    "locks": "locks made asyncio's",
    "mapped-calls": "map() and filter() made comprehensions",
    "mock-constructors": "mocks of classes whose constructor awaits",
    "mocks": "mocks made awaitable",
    "modules-beside": "modules of async sessions made beside sync ones",
    "parameters": "parameters of statements given as one argument",
    "patch-targets": "patches of what is used now",
    "plain-values": "values given the type of their column",
    "pytest-suite": "tests and fixtures set up for asyncio",
    "query-property": "Model.query turned into select()",
    "query-to-select": "queries turned into select()",
    "raw-sql": "strings made statements",
    "requirements": "requirements listed",
    "row-factories": "factories that flush or commit",
    "schema": "calls on the schema run on an async connection",
    "scripts": "scripts moved into main()",
    "session-binds": "engines taken from sessions",
    "session-types": "annotations and imports changed",
    "sleeps": "time.sleep replaced",
    "started-tests": "applications started for tests",
    "startup": "what imports of applications did moved into lifespans",
    "streams": "results streamed",
    "sync-methods": "methods called through run_sync",
    "sync-urls": "URLs given a sync driver for engines of other libraries",
    "test-client": "test clients replaced by httpx.AsyncClient",
    "twins": "twins merged",
    "unittest-cases": "unittest cases made async",
    "unparsed": "files that cannot be parsed",
    "window-calls": "calls of windows run with asyncio.run",
    "xunit-setups": "set-up methods made fixtures",
}


def trace(facts: Mapping[str, Any]) -> str:
    """The trace report: what changed where, why, how sure, and what remains."""
    return _render("trace.md.j2", _by_phase(facts))


def pull_request(facts: Mapping[str, Any]) -> str:
    """The text of a pull request."""
    return _render("pull_request.md.j2", _by_phase(facts))


def assessment(assessed: Mapping[str, Any]) -> str:
    """Whether the move is worth it, and what it takes."""
    return _render("assess.md.j2", assessed)


def status(told: Mapping[str, Any]) -> str:
    """How far a migration is that is under way, as a checklist."""
    return _render("status.md.j2", told)


def _by_phase(facts: Mapping[str, Any]) -> dict[str, Any]:
    phases = [(phase, list(modules)) for phase, modules in groupby(facts["modules"], lambda m: m["phase"])]
    return {"phases": phases, **facts}


def _render(name: str, values: Mapping[str, Any]) -> str:
    return environment().get_template(name).render(**values)


@cache
def environment(*, autoescape: bool = False) -> Environment:
    """The templates, with the filters that they use."""
    made = Environment(
        loader=PackageLoader(__package__, "templates"),
        undefined=StrictUndefined,
        autoescape=autoescape,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=not autoescape,
    )
    made.filters |= FILTERS
    return made


def _changes(changes: Mapping[str, int]) -> str:
    """What was done in a file, in words."""
    return ", ".join(f"{WORDS.get(name, name)} ({number})" for name, number in changes.items()) or "follows the others"


def _ranges(ranges: Sequence[Sequence[int]]) -> str:
    """Line ranges, the first few of many."""
    told = [str(first) if first == last else f"{first}–{last}" for first, last in ranges[:MOST_RANGES]]
    more = len(ranges) - MOST_RANGES
    return ", ".join(told) + (f" and {_counted(more, 'more place')}" if more > 0 else "")


def _place(site: Mapping[str, Any]) -> str:
    return f"`{site['path']}:{site['line']}`" if site["path"] else ""


def _counted(number: int, noun: str) -> str:
    return f"{number} {noun}{'' if number == 1 else 's'}"


FILTERS = {
    "changes": _changes,
    "counted": _counted,
    "place": _place,
    "ranges": _ranges,
    "words": lambda name: WORDS.get(name, name),
    "wrapped": "`{}`".format,
}
