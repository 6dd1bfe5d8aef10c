"""What a function that makes an application would have to wait for moves into the application's lifespan.

def create_app():                  def create_app():
    app = FastAPI()                    @asynccontextmanager
    init_db()                          async def lifespan(app: FastAPI) -> AsyncIterator[None]:
    return app                             await init_db()
                              ->           yield

                                       app = FastAPI(lifespan=lifespan)
                                       return app

The function itself stays sync: a server calls it before its event loop runs, or imports what does while it runs.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from itertools import groupby

from ..analysis.application_factories import APP, ApplicationFactory, application_factory, bound
from ..analysis.decisions import Confidence, Decision, Status
from ..analysis.once import once
from ..analysis.program import Program
from ..analysis.source import Source
from ..analysis.symbols import Function
from .arguments import change, keyword
from .carried import LEFT, as_data, carried
from .edit import Edit, Move, Replace
from .indenting import INDENT, indent
from .lifespans import lifespan_head, uses_handlers
from .removal import first_line
from .startup import blank
from .top_level import free_name, returns_none

NAME = "application-factories"
LATER = (
    "it runs when the application starts, no longer when it is made; a test client that is not entered as a context"
    " manager does not start the application"
)


def decide(program: Program) -> Iterator[Decision]:
    """A decision for each function that makes an application and does more meanwhile."""
    for factory in program.colours.factories.values():
        action, edits = _moved(program, factory)
        yield _decision(program, factory, factory.moved[0], action, edits, LATER)
    for factory in obstructed(program):
        assert factory.obstacle is not None
        statement, why = factory.obstacle
        concern = (
            f"{why}: do it in the application's lifespan, and keep what it gives in the application's `state`; until"
            f" then a server can't call {factory.function.name}, which is async"
        )
        yield _decision(program, factory, statement, LEFT, [], concern)


@once
def obstructed(program: Program) -> list[ApplicationFactory]:
    """The factories that become async, because something in them can't wait until the application starts."""
    colours = program.colours
    found = (application_factory(program, f, colours.sites_of(f)) for f in colours.reasons)
    return [f for f in found if f and f.obstacle]


def _decision(
    program: Program, factory: ApplicationFactory, statement: ast.stmt, action: str, edits: list[Edit], concern: str
) -> Decision:
    function = factory.function
    site = program.colours.sites_of(function)[0]
    return Decision(
        NAME,
        function.source.site(statement),
        action,
        Status.DONE if edits else Status.DECLINED,
        Confidence.HIGH,
        concern,
        program.colours.site_chain(site),
        function.qualname,
        {**as_data(edits), "gone": []},
        site.node,
    )


def rewrite(decision: Decision, program: Program) -> Iterator[Edit]:
    """The edits that were worked out when the decision was made."""
    yield from carried(decision)


def _moved(program: Program, factory: ApplicationFactory) -> tuple[str, list[Edit]]:
    if factory.lifespan is not None and (into := _lifespan_body(factory, factory.lifespan)):
        return "move it into the lifespan", [*_into_body(factory, into)]
    if keyword(factory.call, "lifespan") is None and uses_handlers(program):
        return "run it at start-up", [*_handler(factory)]
    return "create a lifespan for it", [*_lifespan(factory)]


# Where it goes


def _lifespan_body(factory: ApplicationFactory, lifespan: Function) -> ast.stmt | None:
    """Where the lifespan begins that this application alone has, if what moves means the same there."""
    source = lifespan.source
    given = keyword(factory.call, "lifespan")
    if source is not factory.function.source or not lifespan.is_async or given is None:
        return None
    uses = [n for n in source.nodes if isinstance(n, ast.Name) and n.id == lifespan.name]
    names = {n.id for n in ast.walk(lifespan.node) if isinstance(n, ast.Name)} | {a.arg for a in lifespan.parameters()}
    is_inside = lifespan.parent is factory.function
    seen = factory.names_read() - {p.arg for p in lifespan.parameters()}
    if uses != [given.value] or names & bound(factory.moved) or (seen and not is_inside):
        return None
    return lifespan.body[1] if _is_documented(lifespan) and len(lifespan.body) > 1 else lifespan.body[0]


def _is_documented(function: Function) -> bool:
    assert isinstance(function.node, ast.AsyncFunctionDef)
    return ast.get_docstring(function.node) is not None


def _into_body(factory: ApplicationFactory, first: ast.stmt) -> Iterator[Edit]:
    source = factory.function.source
    more = source.indentation(first).removeprefix(_margin(factory))
    yield from _moves(factory, source.offset(first.lineno, 0), "", "", more)


def _handler(factory: ApplicationFactory) -> Iterator[Edit]:
    source, margin = factory.function.source, _margin(factory)
    name = free_name(source, "create_tables" if _makes_tables(factory) else "start")
    head = f'{margin}@{factory.name or APP}.on_event("startup")\n{margin}async def {name}(){returns_none(source)}:\n'
    at = source.offset((factory.making.end_lineno or 0) + 1, 0)
    if isinstance(factory.making, ast.Return):
        start = source.span(factory.making)[0]
        yield Replace(start, start + len("return"), f"{APP} =")
        yield from _moves(factory, at, f"\n{head}", f"\n{margin}return {APP}\n")
        return
    body = factory.function.body
    following = next(s for s in body[body.index(factory.making) + 1 :] if s not in factory.moved)
    gap = _gap(factory, source.span(factory.making)[1], source.offset(first_line(source, following), 0))
    yield from _moves(factory, at, f"\n{head}", gap)


def _makes_tables(factory: ApplicationFactory) -> bool:
    called = [n.func for s in factory.moved for n in ast.walk(s) if isinstance(n, ast.Call)]
    return all(isinstance(f, ast.Attribute) and f.attr == "create_all" for f in called)


def _lifespan(factory: ApplicationFactory) -> Iterator[Edit]:
    """A lifespan in front of the application, around the one that it has."""
    source, margin, given = factory.function.source, _margin(factory), keyword(factory.call, "lifespan")
    inner = margin + INDENT
    state, end = "None", f"{inner}yield\n"
    if given is not None and factory.lifespan is not None:
        state, end = _around(factory.lifespan, source.text(given.value), inner)
    name = free_name(source, "lifespan" if given is None else "start")
    head, wanted = lifespan_head(source, state, margin)
    yield from wanted
    making = source.offset(first_line(source, factory.making), 0)
    body = factory.function.body
    before = [s for s in body[: body.index(factory.making)] if s not in factory.moved]
    gap = _gap(factory, source.span(before[-1])[1], making) if before else ""
    yield from _moves(factory, making, gap + head(name), f"{end}\n")
    if given is None:
        yield from change(source, factory.call, [], [f"lifespan={name}"])
    else:
        yield Replace(*source.span(given.value), name)


def _around(lifespan: Function, name: str, margin: str) -> tuple[str, str]:
    """What a lifespan yields that stands around another, and the lines that do so."""
    yields = [n for n in lifespan.own_nodes() if isinstance(n, ast.Yield) and n.value is not None]
    if not yields:
        return "None", f"{margin}async with {name}(app):\n{margin}{INDENT}yield\n"
    return "dict[str, object]", f"{margin}async with {name}(app) as state:\n{margin}{INDENT}yield state\n"


# The lines that move


def _margin(factory: ApplicationFactory) -> str:
    return factory.function.source.indentation(factory.making)


def _moves(factory: ApplicationFactory, to: int, before: str, after: str, more: str = INDENT) -> Iterator[Edit]:
    source = factory.function.source
    runs = list(_runs(factory))
    for run in runs:
        first = first_line(source, run[0])
        start, end = source.offset(first, 0), _end(source, run[-1])
        yield Move(start, end, to, before if run is runs[0] else "", after if run is runs[-1] else "")
        if more:
            yield from indent(source, run, more, first)
        above, below = blank(source.content[:start], "above"), blank(source.content[end:], "below")
        if above and len(above) < len(below):
            yield Replace(start - len(above), start, "")
        elif below and (above or _is_first(factory, run)):
            yield Replace(end, end + len(below), "")


def _runs(factory: ApplicationFactory) -> Iterator[list[ast.stmt]]:
    """What moves, with what stands in a row together."""
    body = factory.function.body
    places = enumerate(body.index(statement) for statement in factory.moved)
    for _, run in groupby(places, lambda pair: pair[1] - pair[0]):
        yield [body[place] for _, place in run]


def _is_first(factory: ApplicationFactory, run: list[ast.stmt]) -> bool:
    return run[0] is factory.function.body[0]


def _end(source: Source, statement: ast.stmt) -> int:
    """The end of the last line of a statement."""
    return source.offset((statement.end_lineno or 0) + 1, 0)


def _gap(factory: ApplicationFactory, start: int, end: int) -> str:
    """A blank line, unless one is left between two places when the lines are gone that move."""
    source = factory.function.source
    between = source.content[start:end]
    for statement in factory.moved:
        between = between.replace(source.content[source.offset(statement.lineno, 0) : _end(source, statement)], b"")
    return "" if re.search(rb"\n[ \t]*\r?\n", between) else "\n"
