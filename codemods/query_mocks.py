"""Queries that mocks of the suite hold back: they can't become statements where the mock would not serve any more."""

from __future__ import annotations

import ast
from collections.abc import Sequence

from ..analysis.decisions import Decision
from ..analysis.program import Program
from .mock_chains import Moves
from .mock_classes import class_mocks
from .mock_usage import Usage


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
    for mock in class_mocks(program, usage):
        place = mock.made.source.site(mock.made.node)
        for chain in mock.asking if mock.call is None else ():
            found.setdefault(chain.node, f"{place} puts a mock in the place of {mock.text}, which a select refuses")
    done = {d.node for d in decisions if not d.concern}
    return {node: reason for node, reason in found.items() if node in done and program.queries_stay_sync(node)}
