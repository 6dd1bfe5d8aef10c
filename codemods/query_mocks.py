"""Queries that mocks of the suite hold back: they can't become statements where the mock would not serve any more."""

from __future__ import annotations

import ast
from collections.abc import Iterator, Sequence

from ..analysis.decisions import Decision
from ..analysis.program import Program
from ..analysis.queries import Chain, chains
from ..analysis.values import Mock
from .mock_chains import Moves
from .mock_usage import MadeMock, Usage

# Methods whose arguments a select looks at when it is made.
LOOKING = frozenset(
    {"add_columns", "filter", "group_by", "having", "join", "options", "order_by", "outerjoin", "select_from", "where",
     "with_entities"}
)  # fmt: skip


def held_by_mocks(program: Program, decisions: Sequence[Decision]) -> dict[ast.expr, str]:
    """Queries of code that stays sync, and goes on with a Query where a mock can't follow: with the reason, by node."""
    if not program.interpreter.mocks.made:
        return {}
    usage = Usage(program, decisions)
    found: dict[ast.expr, str] = {
        node: f"{move.function.source.site(move.node)} sets up a mock for it, which could not follow"
        for move in Moves(program, usage).all()
        for node in (move.queries if move.concern else ())
    }
    for chain, argument, made in mocks_asked_for(program, usage):
        place, text = made.source.site(made.node), chain.source.text(argument)
        found.setdefault(chain.node, f"{place} puts a mock in the place of {text}, which a select refuses")
    done = {d.node for d in decisions if not d.concern}
    return {node: reason for node, reason in found.items() if node in done and program.queries_stay_sync(node)}


def mocks_asked_for(program: Program, usage: Usage) -> Iterator[tuple[Chain, ast.expr, MadeMock]]:
    """Mocks for which a query asks, or that stand in its clauses: a Query of a mocked session took them."""
    for chain in chains(program):
        asked = [a for link in chain.links if link.name in LOOKING for a in link.args]
        if chain.begins and isinstance(chain.root, ast.Call):
            asked = [*chain.root.args, *asked]
        function = program.function_at(chain.source, chain.node)
        if function is None or not any(isinstance(v, Mock) for v in program.values(chain.root)):
            continue
        for argument in asked:
            origins = {v.origin for v in program.values(argument) if isinstance(v, Mock)}
            for made in (usage.made[origin] for origin in sorted(origins & usage.made.keys())):
                if made.is_reached_by(function):
                    yield chain, argument, made
