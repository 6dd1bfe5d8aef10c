"""One event loop for a suite whose pytest-asyncio has no setting for it: written into its topmost conftest.py."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import PurePosixPath

from packaging.version import Version

from ..analysis.fixtures import fixture_scope
from ..analysis.program import Program
from ..analysis.source import Site, Source
from ..analysis.symbols import Function
from .edit import Edit, Import, Replace
from .pytest_settings import newest

# Loop scopes can be set since 0.26 for tests; since 0.23 a test runs on whatever loop is the current one.
SCOPES_SINCE = Version("0.26")
CURRENT_SINCE = Version("0.23")

EVENT_LOOP = '''

@pytest.fixture(scope="session")
def event_loop():
    """One event loop for the whole suite: pooled connections work on no other."""
    loop = asyncio.new_event_loop()
    yield loop
    loop.close()
'''
CURRENT_LOOP = """

@pytest.fixture(scope="session")
def _session_event_loop(event_loop):
    return event_loop


@pytest.fixture(autouse=True)
def current_event_loop(event_loop):
    # A call of `asyncio.run` leaves no current loop.
    asyncio.set_event_loop(event_loop)
"""


@dataclass(frozen=True, slots=True)
class OneLoop:
    """What is written, and where."""

    site: Site
    text: str
    version: Version

    @property
    def action(self) -> str:
        return f"one event loop for the suite: pytest-asyncio {self.version} has no setting for it"


def appended(source: Source, text: str) -> Iterator[Edit]:
    """The edits that write it at the end of a conftest.py."""
    end = len(source.content.rstrip())
    yield Replace(end, len(source.content), f"\n{text}")
    yield Import("asyncio")
    yield Import("pytest")


def new_file(text: str) -> bytes:
    """A conftest.py of its own."""
    return f"import asyncio\n\nimport pytest\n{text}".encode()


def one_loop(program: Program, functions: Iterable[Function]) -> OneLoop | None:
    """What tests and fixtures need to share a loop; None where the settings say it, or the project has its own way."""
    version = _without_scopes(program)
    fixtures = program.interpreter.fixtures.by_name
    if version is None or fixtures.get("event_loop") or fixtures.get("event_loop_policy"):
        return None
    text = EVENT_LOOP + CURRENT_LOOP if version >= CURRENT_SINCE else EVENT_LOOP
    return OneLoop(_place(program, functions), text, version)


def narrow_loops(program: Program) -> list[Function]:
    """The loops of the project's own that do not last for the suite, where a fixture is all that says how long."""
    loops = program.interpreter.fixtures.by_name.get("event_loop", []) if _without_scopes(program) else []
    return [loop for loop in loops if fixture_scope(loop) != "session"]


def _without_scopes(program: Program) -> Version | None:
    """The version of pytest-asyncio, if no setting of it gives a loop a scope."""
    version = newest(program.root, list(program.sources))
    return version if version is not None and version < SCOPES_SINCE else None


def _place(program: Program, functions: Iterable[Function]) -> Site:
    """The topmost conftest.py above the functions' files, or the one to write."""
    folders = [PurePosixPath(f.source.path).parent for f in functions]
    shared = folders[0]
    while not all(f.is_relative_to(shared) for f in folders):
        shared = shared.parent
    for folder in [shared, *shared.parents]:
        path = str(folder / "conftest.py")
        if path in program.sources:
            return Site(path, len(program.sources[path].content.splitlines()), 0, 0, 0)
    return Site(str(shared / "conftest.py"), 1, 0, 1, 0)
