"""Looking at a database's tables: inspectors and reflection read inside `run_sync`, on a connection that stays open.

inspector = inspect(engine)                 async with engine.connect() as connection:
names = inspector.get_table_names()   ->        inspector = await connection.run_sync(inspect)
                                                names = await connection.run_sync(lambda _: inspector.get_table_names())
"""

from __future__ import annotations

import ast
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field

from ..analysis.async_sites import AsyncSite
from ..analysis.program import Program
from ..analysis.schema import INSPECTOR, reflecting
from ..analysis.source import Source
from ..analysis.symbols import Function
from ..analysis.values import Instance
from .arguments import argument
from .awaiting import wrap_await
from .edit import Edit, Import, Indent, Replace, Wrap
from .indenting import INDENT, indent
from .kept_inspectors import KeptInspector
from .references import is_plain, references
from .schema_calls import free_name, operand

SYNC = "sync_connection"
SEVERAL_BLOCKS = "the inspector is used in several blocks: read what is needed in one, inside run_sync"


@dataclass(slots=True)
class Reading:
    """Calls that read through one engine or connection, `target`.

    `opening` is the call that names the target: `inspect(target)`, or one with `autoload_with=target`; `reads` are the
    calls of methods of the inspector that it makes. `variable` is the name that the inspector is kept under; `kept` the
    inspector of a module, where the reading is one of its calls.
    """

    function: Function
    opening: ast.Call
    target: ast.expr
    reads: list[ast.Call] = field(default_factory=list)
    variable: ast.Name | None = None
    kept: KeptInspector | None = None
    concern: str = ""

    @property
    def source(self) -> Source:
        return self.function.source

    @property
    def through(self) -> object:
        """The same for those that read through the same engine."""
        return self.kept.engine if self.kept else ast.dump(self.target)


def readings(program: Program, sites: Sequence[AsyncSite], kept: Sequence[KeptInspector]) -> Iterator[Reading]:
    """The readings that a program's schema sites are part of; a site that is part of none gets a concern."""
    of_modules = {call: inspector for inspector in kept for call in inspector.reads}
    found = [r for site in sites if isinstance(site.node, ast.Call) and (r := _opening(program, site)) is not None]
    for site in sites:
        if isinstance(site.node, ast.Call) and site.node in of_modules:
            assert isinstance(site.node.func, ast.Attribute)
            inspector = of_modules[site.node]
            found.append(Reading(site.function, site.node, site.node.func.value, [site.node], kept=inspector))
    taken = {node for r in found for node in (r.opening, *r.reads)}
    yield from found
    for site in sites:
        if site.node not in taken and isinstance(site.node, ast.Call):
            concern = "the inspector comes from elsewhere: read what is needed where it is made, inside run_sync"
            yield Reading(site.function, site.node, site.node, concern=concern)


def _opening(program: Program, site: AsyncSite) -> Reading | None:
    node, source = site.node, site.function.source
    assert isinstance(node, ast.Call)
    target = reflecting(program, node)
    if target is not None:
        return Reading(site.function, node, target)
    target = argument(node, "subject")
    if target is None or not any(isinstance(v, Instance) and v.cls == INSPECTOR for v in program.values(node)):
        return None
    reading = Reading(site.function, node, target)
    parent = source.parents[node]
    match parent:
        case ast.Attribute():
            call = source.parents[parent]
            if isinstance(call, ast.Call) and call.func is parent:
                reading.reads.append(call)
        case ast.Assign(targets=[ast.Name() as variable]) | ast.AnnAssign(target=ast.Name() as variable):
            reading.variable = variable
            _follow(program, reading, variable)
        case _:
            reading.concern = "the inspector is handed on: read what is needed here, inside run_sync"
    return reading


def _follow(program: Program, reading: Reading, variable: ast.Name) -> None:
    """Find the calls on the inspector that a variable holds."""
    source = reading.source
    for read in references(program).in_function(source, variable):
        attribute = source.parents[read.node]
        call = source.parents[attribute]
        assigned = _last_assignment(source, reading.function, read.node)
        if assigned is None:
            reading.concern = SEVERAL_BLOCKS
        elif assigned is not variable:
            continue
        elif program.function_at(source, read.node) is not reading.function:
            reading.concern = "the inspector is used in a function of its own"
        elif not isinstance(attribute, ast.Attribute):
            reading.concern = "the inspector is handed on: read what is needed here, inside run_sync"
        elif isinstance(call, ast.Call) and call.func is attribute:
            reading.reads.append(call)


def _last_assignment(source: Source, function: Function, read: ast.expr) -> ast.Name | None:
    """The assignment above a read whose block the read stands in."""
    assert isinstance(read, ast.Name)
    around = set(_ancestors(source, read))
    found: ast.Name | None = None
    for node in function.own_nodes():
        if isinstance(node, ast.Name) and node.id == read.id and isinstance(node.ctx, ast.Store):
            block, _ = _block(source, node)
            is_above = (node.lineno, node.col_offset) < (read.lineno, read.col_offset)
            if is_above and around & set(block) and (found is None or node.lineno > found.lineno):
                found = node
    return found


# The edits


@dataclass(slots=True)
class Stretch:
    """Statements of one block that read through one engine, `first` up to `last`; `depth` others stand around it."""

    block: list[ast.stmt]
    first: int
    last: int
    readings: list[Reading]
    depth: int = 0

    @property
    def statements(self) -> list[ast.stmt]:
        return self.block[self.first : self.last + 1]

    def joins(self, other: Stretch) -> bool:
        """Can the other stretch share this one's connection?"""
        mine, others = self.readings[0], other.readings[0]
        if not is_plain(mine.target) or mine.through != others.through:
            return False
        if self.block is other.block:
            return self.first <= other.last and other.first <= self.last
        return _holds(self, other)

    def join(self, other: Stretch) -> None:
        self.readings += other.readings
        if self.block is other.block:
            self.first, self.last = min(self.first, other.first), max(self.last, other.last)


def _holds(outer: Stretch, inner: Stretch) -> bool:
    return any(node is inner.statements[0] for s in outer.statements for node in ast.walk(s))


def stretches(program: Program, found: Iterable[Reading]) -> list[Stretch]:
    """The readings by the connection that they share; one that cannot be rewritten gets a concern."""
    result: list[Stretch] = []
    for reading in found:
        if reading.concern:
            continue
        if _is_connection(program, reading):
            if not is_plain(reading.target):
                reading.concern = "keep the connection in a variable, and read through it inside run_sync"
            continue
        if _awaits_engine(program, reading):
            reading.concern = "keep the engine in a variable, and read through it inside run_sync"
            continue
        stretch = _stretch(reading)
        if stretch is None:
            reading.concern = SEVERAL_BLOCKS
            continue
        for other in [s for s in result if s.joins(stretch) or stretch.joins(s)]:
            result.remove(other)
            outer, inner = (other, stretch) if other.joins(stretch) else (stretch, other)
            outer.join(inner)
            stretch = outer
        result.append(stretch)
    _nest(result)
    return result


def _nest(found: list[Stretch]) -> None:
    """Of two stretches that overlap the one that begins first goes on to the end of the other, which stands inside."""
    ordered = sorted(found, key=lambda s: s.statements[0].lineno)
    for position, outer in enumerate(ordered):
        for inner in ordered[position + 1 :]:
            if inner.block is outer.block and inner.first <= outer.last:
                outer.last = max(outer.last, inner.last)
            if _holds(outer, inner):
                inner.depth += 1


def _is_connection(program: Program, reading: Reading) -> bool:
    classes = (v.cls for v in program.values(reading.target) if isinstance(v, Instance))
    return any(program.interpreter.objects.is_a(cls, "sqlalchemy.Connection") for cls in classes)


def _awaits_engine(program: Program, reading: Reading) -> bool:
    """Is there something to await in the expression that gives the engine?"""
    inside = set(ast.walk(reading.target))
    return any(site.node in inside for site in program.colours.sites_of(reading.function))


def on_connection(reading: Reading) -> list[Edit]:
    """The edits of a reading through a connection."""
    return list(_calls(reading, reading.source.text(reading.target)))


def on_engine(program: Program, stretch: Stretch) -> list[Edit]:
    """The edits of readings through an engine."""
    reading, statements = stretch.readings[0], stretch.statements
    source, name = reading.source, free_name(reading.function, stretch.depth)
    engine, inspect, imports = _names(program, reading)
    line = source.offset(statements[0].lineno, 0)
    first = line + statements[0].col_offset
    inner = source.indentation(statements[0]) + INDENT
    edits: list[Edit] = [Replace(first, first, f"async with {engine}.connect() as {name}:\n{inner}")]
    # Of its own depth, whoever else moves the same statements.
    edits += [Indent(e.start, e.text, -e.statement - 1) for e in indent(source, statements) if e.start != line]
    for item in stretch.readings:
        edits += _calls(item, name, inspect)
    return [*edits, *imports]


def _names(program: Program, reading: Reading) -> tuple[str, str, list[Import]]:
    """The engine, and what is put around the connection that takes its place; with the imports for them."""
    if reading.kept is not None:
        engine, inspect, imports = reading.kept.in_file(program, reading.source, reading.opening)
        return engine, f"{inspect}({SYNC})", imports
    pieces = operand(program, reading.function, reading.target)
    return "".join(p if isinstance(p, str) else reading.source.text(p) for p in pieces), SYNC, []


def _stretch(reading: Reading) -> Stretch | None:
    """The statements of one block from the first that reads to the last; None where there is no such block."""
    source = reading.source
    nodes: list[ast.AST] = [reading.opening, *reading.reads]
    block, first = _block(source, reading.opening)
    indices = [block.index(s) for node in nodes for s in _ancestors(source, node) if s in block]
    return Stretch(block, block.index(first), max(indices), [reading]) if len(indices) == len(nodes) else None


def _block(source: Source, node: ast.AST) -> tuple[list[ast.stmt], ast.stmt]:
    """The innermost block around a node, and the statement in it; an `elif` belongs to its `if`."""
    for statement in _ancestors(source, node):
        parent = source.parents[statement]
        for name in ("body", "orelse", "finalbody"):
            block = getattr(parent, name, None)
            if isinstance(block, list) and statement in block and not _is_elif(source, parent, statement):
                return block, statement
    raise AssertionError("every statement stands in a block")


def _is_elif(source: Source, parent: ast.AST, statement: ast.stmt) -> bool:
    return (
        isinstance(parent, ast.If)
        and isinstance(statement, ast.If)
        and parent.orelse == [statement]
        and source.content[source.span(statement)[0] :].startswith(b"elif")
    )


def _ancestors(source: Source, node: ast.AST) -> Iterator[ast.stmt]:
    current: ast.AST | None = node
    while current is not None and not isinstance(current, ast.Module):
        if isinstance(current, ast.stmt):
            yield current
        current = source.parents.get(current)


def _calls(reading: Reading, connection: str, subject: str = SYNC) -> Iterator[Edit]:
    source, opening = reading.source, reading.opening
    if reading.variable is not None:
        yield Replace(*source.span(opening), f"await {connection}.run_sync({source.text(opening.func)})")
        for call in reading.reads:
            yield from _run(source, call, f"{connection}.run_sync(lambda _: ")
        return
    yield Replace(*source.span(reading.target), subject)
    yield from _run(source, reading.reads[0] if reading.reads else opening, f"{connection}.run_sync(lambda {SYNC}: ")


def _run(source: Source, call: ast.Call, before: str) -> Iterator[Edit]:
    awaited, *others = wrap_await(source, call, f"await {before}")
    assert isinstance(awaited, Wrap)
    yield Wrap(awaited.start, awaited.end, awaited.before, f"){awaited.after}")
    yield from others
