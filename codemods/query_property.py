"""A registry of async sessions has no `query_property()`: it goes when every `Model.query` has become a select.

class Base(DeclarativeBase):                 class Base(DeclarativeBase):
    query = sessions.query_property()   ->       pass
"""

from __future__ import annotations

import ast
from collections.abc import Iterator

from ..analysis.decisions import Decision, Status
from ..analysis.program import Program
from ..analysis.queries import chains
from ..analysis.source import Site, Source
from . import query_to_select
from .carried import Work, carried, decided
from .edit import Edit
from .query_registry import is_of_registry, query_properties
from .removal import without

NAME = "query-property"
LEFT = "it has no async counterpart, and {} still begins with Model.query: write select() there"
KEPT = "it has no async counterpart: write select() instead of Model.query"


def decide(program: Program) -> Iterator[Decision]:
    """One decision for each `query_property()` of a registry that becomes async."""
    for source, call in query_properties(program):
        if source.path not in program.kept:
            yield decided(program, NAME, _work(program, source, call))


def rewrite(decision: Decision, program: Program) -> Iterator[Edit]:
    """The edits that were worked out when the decision was made."""
    yield from carried(decision)


def _work(program: Program, source: Source, call: ast.Call) -> Work:
    done = {d.node for d in query_to_select.decide(program) if d.status is Status.DONE}
    left = [c.source.site(c.node) for c in chains(program) if is_of_registry(program, c) and c.node not in done]
    work = Work(source, call, "take the query property out")
    statement = source.parents[call]
    if not isinstance(statement, ast.Assign) or not (name := _attribute(source, statement)):
        work.status, work.concern = Status.DECLINED, KEPT
    elif left := [*left, *_unknown(program, name)]:
        work.status, work.concern = Status.DECLINED, LEFT.format(left[0])
    else:
        work.edits += without(source, statement)
    return work


def _attribute(source: Source, statement: ast.Assign) -> str:
    """The attribute of a class that is set."""
    match statement.targets:
        case [ast.Attribute(attr=name)]:
            return name
        case [ast.Name(id=name)] if isinstance(source.parents[statement], ast.ClassDef):
            return name
    return ""


def _unknown(program: Program, name: str) -> Iterator[Site]:
    """Where an attribute of this name is read, not called, and not known to be anything."""
    for source in program.sources.values():
        for node in source.nodes:
            if isinstance(node, ast.Attribute) and node.attr == name and not program.values(node):
                parent = source.parents[node]
                if isinstance(node.ctx, ast.Load) and not (isinstance(parent, ast.Call) and parent.func is node):
                    yield source.site(node)
