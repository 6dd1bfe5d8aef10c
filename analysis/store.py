"""Where values are kept between evaluations: cells, and who has read them."""

from __future__ import annotations

from collections import defaultdict
from typing import TypeAlias

from .symbols import Function
from .values import (
    NOTHING,
    Awaitable,
    Context,
    Factory,
    Generated,
    Hint,
    Many,
    Mock,
    Row,
    Rows,
    Statement,
    Table,
    Text,
    Value,
    Values,
)

Cell: TypeAlias = tuple[str, ...]

# Values nest (a list of rows of lists …) and unite without an end in a recursive program; both are bounded so that the
# fixpoint is reached. What lies beyond is not known, which is always a safe answer. Queries are as many as the program
# begins, and what executes them must know them all.
WIDTH = 24
DEPTH = 4
# Mocks are as many as a suite makes; where so many meet, in a helper that all tests go through, the others are one.
CROWD = 200


class Store:
    """Cells of values that only grow; growing a cell marks the functions that have read it."""

    def __init__(self) -> None:
        self.reader: Function | None = None
        self.dirty: dict[Function, None] = {}
        self._cells: dict[Cell, Values] = {}
        self._readers: defaultdict[Cell, dict[Function, None]] = defaultdict(dict)

    def cells(self) -> dict[Cell, Values]:
        """All cells as they are now."""
        return dict(self._cells)

    def read(self, *cell: str) -> Values:
        """What the cell holds; the function being evaluated will be evaluated again when that grows."""
        if self.reader is not None:
            self._readers[cell][self.reader] = None
        return self._cells.get(cell, NOTHING)

    def peek(self, *cell: str) -> Values:
        """What the cell holds, without becoming a reader."""
        return self._cells.get(cell, NOTHING)

    def write(self, values: Values, *cell: str) -> None:
        """Add values to a cell."""
        old = self._cells.get(cell, NOTHING)
        if values <= old:
            return
        added = {_kept(v) for v in values if v not in old and depth(v) <= DEPTH}
        new = old | (added if len(old) + len(added) <= CROWD else set(map(_nameless, added)))
        if len(new) == len(old) or sum(map(_is_unbounded, new)) > WIDTH:
            return
        self._cells[cell] = new
        self.dirty.update(self._readers[cell])


def _kept(value: Value) -> Value:
    """A value as it is kept: inside lists, tuples and dicts mocks have no identity, or those would be too many."""
    match value:
        case Mock():
            return value
        case Row(items=rows):
            return Row(tuple(frozenset(map(_nameless, row)) for row in rows))
        case Many(items=items):
            return Many(frozenset(map(_nameless, items)))
        case Table(items=items):
            return Table(frozenset(map(_nameless, items)))
    return value


def _nameless(value: Value) -> Value:
    return Mock(value.spec, value.kind) if isinstance(value, Mock) else _kept(value)


def _is_unbounded(value: Value) -> bool:
    """Is this a kind of value of which a program can make ever new ones?"""
    return isinstance(
        value, Row | Many | Table | Awaitable | Generated | Context | Factory | Hint | Statement | Rows | Text
    )


def depth(value: Value) -> int:
    """How deep containers are nested in a value."""
    within = parts(value)
    return 1 + max((depth(v) for items in within for v in items), default=0) if within else 0


def parts(value: Value) -> tuple[Values, ...]:
    """What a container holds: at each place, or anywhere."""
    match value:
        case Row(items=rows):
            return rows
        case Many() | Table() | Awaitable() | Generated() | Context() | Factory() | Hint():
            return (value.items,)
    return ()
