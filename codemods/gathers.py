"""Tasks that share a session run one after the other: an AsyncSession serves one at a time.

await asyncio.gather(*(load(db, i) for i in ids))   ->   [await load(db, i) for i in ids]

A sync session let no other task in while it worked, so that they ran in this order before.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator, Sequence

from ..analysis.decisions import Decision
from ..analysis.program import Program
from ..analysis.source import Source
from ..analysis.symbols import Function
from ..analysis.tasks import SessionTask, tasks_to_be
from ..analysis.values import External
from .blocks import stands_alone
from .carried import Work, carried, decided, left
from .edit import Edit
from .indenting import INDENT
from .pieces import Piece, splice

NAME = "gathers"
CONCERN = (
    "these tasks share an async session, which only one of them can use at a time: run them one after the other, or"
    " give each a session of its own"
)
Comprehension = ast.GeneratorExp | ast.ListComp


def decide(program: Program) -> Iterator[Decision]:
    """A decision for each group of tasks."""
    groups: dict[ast.expr, SessionTask] = {}
    for task in tasks_to_be(program):
        groups.setdefault(_gather(program, task) or task.call, task)
    for node, task in groups.items():
        source = task.function.source
        pieces = _one_by_one(program, task.function, node) if node is not task.call else None
        if pieces is None:
            yield decided(program, NAME, left(source, node, CONCERN), task.chain)
            continue
        awaiting = source.parents[node]
        assert isinstance(awaiting, ast.Await)
        edits = list(splice(source, *source.span(awaiting), pieces))
        yield decided(program, NAME, Work(source, node, "run them one after the other", [*edits]), task.chain)


def rewrite(decision: Decision, program: Program) -> Iterator[Edit]:
    """The edits that were worked out when the decision was made."""
    yield from carried(decision)


def _gather(program: Program, task: SessionTask) -> ast.Call | None:
    """The call of `asyncio.gather` that a task stands in."""
    node: ast.AST | None = task.call
    while node is not None and not isinstance(node, ast.stmt):
        if isinstance(node, ast.Call) and External("asyncio.gather") in program.values(node.func):
            return node
        node = task.function.source.parents.get(node)
    return None


def _one_by_one(program: Program, function: Function, gather: ast.expr) -> list[Piece] | None:
    """What stands for `await asyncio.gather(…)`; None where that is not known."""
    source = function.source
    awaiting = source.parents[gather]
    if not (isinstance(gather, ast.Call) and isinstance(awaiting, ast.Await)) or gather.keywords:
        return None
    parent = source.parents[awaiting]
    alone = parent if isinstance(parent, ast.Expr) and stands_alone(source, parent) else None
    match gather.args:
        case [ast.Starred(value=ast.GeneratorExp() | ast.ListComp() as many)] if isinstance(many.elt, ast.Call):
            awaits = {site.node for site in program.colours.sites_of(function)}
            moved = [n for g in many.generators for n in ast.walk(g)]
            if alone and awaits.isdisjoint(moved):
                return _loop(source, alone, many)
            return _comprehension(source, awaiting, many)
        case [*calls] if all(isinstance(c, ast.Call) for c in calls):
            return _in_a_row(source, parent, calls)
    return None


def _loop(source: Source, statement: ast.stmt, many: Comprehension) -> list[Piece]:
    text, margin = "", source.indentation(statement)
    for generator in many.generators:
        kind = "async for" if generator.is_async else "for"
        heads = [f"{kind} {source.text(generator.target)} in {source.text(generator.iter)}:"]
        for head in [*heads, *(f"if {source.text(test)}:" for test in generator.ifs)]:
            margin += INDENT
            text += f"{head}\n{margin}"
    return [f"{text}await ", many.elt]


def _comprehension(source: Source, awaiting: ast.Await, many: Comprehension) -> list[Piece]:
    """The list of what the tasks give, in the layout of the comprehension, moved to where the call began."""
    start, end = source.span(many)
    deeper = max(0, _margin(source, many.end_lineno or many.lineno) - _margin(source, awaiting.lineno))
    pieces: list[Piece] = ["["]
    at = start + 1
    for node in [many.elt, *(n for g in many.generators for n in (g.iter, *g.ifs))]:
        first, last = source.span(node)
        pieces += [_shifted(source, at, first, deeper), "await " if node is many.elt else "", node]
        at = last
    return [*pieces, _shifted(source, at, end - 1, deeper), "]"]


def _shifted(source: Source, start: int, end: int, width: int) -> str:
    return source.content[start:end].decode().replace("\n" + " " * width, "\n")


def _margin(source: Source, line: int) -> int:
    text = source.content[source.offset(line, 0) :]
    return len(text) - len(text.lstrip(b" "))


def _in_a_row(source: Source, parent: ast.AST, calls: Sequence[ast.expr]) -> list[Piece]:
    """Statements of their own, a tuple where its parts are named, or a list."""
    match parent:
        case ast.Assign(targets=[ast.Tuple(elts=names)]) if len(names) == len(calls):
            opening, separator, closing = "", ", ", ""
        case ast.Expr() if stands_alone(source, parent):
            opening, separator, closing = "", f"\n{source.indentation(parent)}", ""
        case _:
            opening, separator, closing = "[", ", ", "]"
    pieces: list[Piece] = [opening]
    for position, call in enumerate(calls):
        pieces += [separator if position else "", "await ", call]
    return [*pieces, closing]
