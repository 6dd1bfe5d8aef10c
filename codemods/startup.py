"""What the module of an application does when it is imported moves into the application's lifespan.

A server imports the application while its event loop is running, where `asyncio.run` can't be.

    Base.metadata.create_all(engine)          @asynccontextmanager
    add_defaults()                            async def lifespan(app: FastAPI) -> AsyncIterator[None]:
                                                  async with engine.begin() as connection:
    app = FastAPI()                    ->             await connection.run_sync(Base.metadata.create_all)
                                                  await add_defaults()
                                                  yield


                                              app = FastAPI(lifespan=lifespan)
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby

from ..analysis.async_sites import AsyncSite
from ..analysis.decisions import Confidence, Decision, Status
from ..analysis.once import once
from ..analysis.program import Program
from ..analysis.schema import is_looking
from ..analysis.source import Source
from .carried import LEFT, as_data, carried
from .edit import Edit, Replace
from .lifespans import Elsewhere, application, at_start, is_imported_by_application, makes_lifespan
from .schema_calls import SchemaCall, blocks, schema_call, together
from .schema_modules import function_name, is_guarded
from .session_scope import is_sync_facade
from .top_level import first_line, free_name

NAME = "startup"
LATER = (
    "no longer when it is imported; a test client that is not entered as a context manager does not start the"
    " application"
)


@dataclass(frozen=True, slots=True)
class Start:
    """Statements that move: calls on tables, which share connections, or one call of a coroutine function."""

    sites: Sequence[AsyncSite]
    statements: Sequence[ast.stmt]
    tables: Sequence[SchemaCall] = ()


@once
def starts(program: Program) -> dict[str, list[Start]]:
    """What the body of each application's module does before the application starts, in its order."""
    found: dict[str, list[Start]] = {}
    for function, boundary in program.colours.boundaries.items():
        if boundary.kind == "module" and application(program, function.source) is not None:
            moving = sorted(_starts(program, program.colours.sites_of(function)), key=lambda s: s.statements[0].lineno)
            if moving:
                found[function.source.path] = moving
    return found


def is_moved(program: Program, site: AsyncSite) -> bool:
    """Is a site of a module's body among what moves?"""
    return any(site in start.sites for start in starts(program).get(site.function.source.path, ()))


def is_at_import_of_application(program: Program, site: AsyncSite) -> bool:
    """Does a site run when an application imports its module, or makes itself?"""
    source = site.function.source
    if not site.function.is_module or is_guarded(source, source.statement(site.node)):
        return False
    return application(program, source) is not None or is_imported_by_application(program, source)


def _starts(program: Program, sites: Sequence[AsyncSite]) -> Iterator[Start]:
    by_call = {site.node: site for site in sites}
    tables: list[SchemaCall] = []
    for site in sites:
        source = site.function.source
        statement = source.parents[site.node]
        if not (isinstance(statement, ast.Expr) and statement in source.tree.body and isinstance(site.node, ast.Call)):
            continue
        if site.kind == "await" and site.callee is not None and not any(n in by_call for n in _inside(site.node)):
            yield Start([site], [statement])
        elif site.kind == "schema" and not is_sync_facade(program, source, site.node):
            call = schema_call(program, site.function, site.node)
            if isinstance(call, SchemaCall) and not (call.is_connection or is_looking(program, call.call)):
                tables.append(call)
    for group in together(tables):
        yield Start([by_call[c.call] for c in group], [c.statement for c in group], group)


def _inside(node: ast.expr) -> Iterator[ast.AST]:
    return (n for n in ast.walk(node) if n is not node)


def decide(program: Program) -> Iterator[Decision]:
    """A decision for each application that has something to do."""
    for path, moving in starts(program).items():
        source, site = program.sources[path], moving[0].sites[0]
        action, edits, concern = LEFT, list[Edit](), "the application's lifespan stands elsewhere: do it there"
        try:
            action, edits = _moved(program, source, moving)
            concern = f"{_told(source, moving)} when the application starts, {LATER}"
        except Elsewhere:
            pass
        yield Decision(
            NAME,
            source.site(site.node),
            action,
            Status.DONE if edits else Status.DECLINED,
            Confidence.HIGH,
            concern,
            program.colours.site_chain(site),
            data={**as_data(edits), "gone": []},
            node=site.node,
        )


def rewrite(decision: Decision, program: Program) -> Iterator[Edit]:
    """The edits that were worked out when the decision was made."""
    yield from carried(decision)


def _told(source: Source, moving: Sequence[Start]) -> str:
    calls = [source.text(s.sites[0].node) for s in moving if not s.tables]
    tables = ["the tables are created"] if any(s.tables for s in moving) else []
    return " and ".join([*tables, *(f"{call} is called" for call in calls)])


def _moved(program: Program, source: Source, moving: Sequence[Start]) -> tuple[str, list[Edit]]:
    made = application(program, source)
    assert made is not None
    groups = [s.tables for s in moving if s.tables]
    name = function_name(source, groups, set()) if len(groups) == len(moving) else free_name(source, "start")
    action, edits = at_start(program, source, made, lambda margin: _lines(program, source, moving, margin), name)
    definition = first_line(source, made) if makes_lifespan(program, source, made) else 0
    return action, [*_taken_out(source, moving, definition), *edits]


def _lines(program: Program, source: Source, moving: Sequence[Start], indentation: str) -> str:
    """The statements in their new place, under the comments that stood above them."""
    lines = source.content.decode().splitlines()
    text = ""
    for start in moving:
        first = start.statements[0]
        comment = lines[first_line(source, first) - 1 : first.lineno - 1]
        text += "".join(f"{indentation}{line}\n" for line in comment)
        if start.tables:
            text += blocks(program, [start.tables], indentation)
        else:
            text += f"{indentation}await {source.text(start.sites[0].node)}\n"
    return text


def _taken_out(source: Source, moving: Sequence[Start], definition: int) -> Iterator[Edit]:
    """The statements go, those in a row together."""
    body = source.tree.body
    places = sorted(body.index(statement) for start in moving for statement in start.statements)
    for _, run in groupby(enumerate(places), lambda pair: pair[1] - pair[0]):
        row = [body[place] for _, place in run]
        yield _without(source, row, definition)


def _without(source: Source, row: Sequence[ast.stmt], definition: int) -> Edit:
    """The lines of statements go, with the comment above them, and the fewer of the blank lines on their two sides.

    All of those above go where a definition, which brings its own, comes to stand on the line right behind them.
    """
    start = source.offset(first_line(source, row[0]), 0)
    end = source.content.find(b"\n", source.span(row[-1])[1])
    end = end + 1 if end >= 0 else len(source.content)
    above, below = blank(source.content[:start], "above"), blank(source.content[end:], "below")
    if (definition and end == source.offset(definition, 0)) or len(above) < len(below):
        return Replace(start - len(above), end, "")
    return Replace(start, end + (len(below) if above else 0), "")


def blank(content: bytes, side: str) -> bytes:
    """The blank lines at the end, or the beginning, of a text."""
    pattern = rb"(?<=\n)(\r?\n)*\Z" if side == "above" else rb"\A(\r?\n)*"
    found = re.search(pattern, content)
    return found[0] if found else b""
