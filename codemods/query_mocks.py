"""Queries for what tests put a mock in the place of: a select refuses what a Query of a mocked session took."""

from __future__ import annotations

import ast
from collections.abc import Iterator

from ..analysis.program import Program
from ..analysis.queries import Chain
from ..analysis.values import Mock
from .query_text import Declined

# Methods whose arguments a select looks at when it is made.
LOOKING = frozenset(
    {"add_columns", "filter", "group_by", "having", "join", "options", "order_by", "outerjoin", "select_from", "where",
     "with_entities"}
)  # fmt: skip


def require_no_mocks(program: Program, chain: Chain) -> None:
    """Raises Declined where code that stays sync can go on with a Query."""
    if not program.queries_stay_sync(chain.node):
        return
    for argument, mock in mocks_asked_for(program, chain):
        file, line, _ = mock.origin.rsplit(":", 2)
        raise Declined(
            f"{file}:{line} puts a mock in the place of {chain.source.text(argument)}, which a select refuses"
        )


def mocks_asked_for(program: Program, chain: Chain) -> Iterator[tuple[ast.expr, Mock]]:
    """What a query asks for, or puts in its clauses, that can be a mock."""
    asked = [a for link in chain.links if link.name in LOOKING for a in link.args]
    if chain.begins and isinstance(chain.root, ast.Call):
        asked = [*chain.root.args, *asked]
    for argument in asked:
        mocks = [v for v in program.values(argument) if isinstance(v, Mock) and v.origin]
        yield from ((argument, mock) for mock in sorted(mocks, key=repr)[:1])
