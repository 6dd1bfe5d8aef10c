"""The values of a report's data, one by one: what a reader is told has to change with each."""

from __future__ import annotations

from collections.abc import Iterator
from copy import deepcopy
from typing import Any


def leaves(value: Any, place: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """The places of all figures and texts."""
    items = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, inner in items:
        yield from leaves(inner, (*place, key))
    if not isinstance(value, dict | list):
        yield place


def without(value: Any, place: tuple[Any, ...]) -> Any:
    """The values with another figure or text at a place."""
    changed = deepcopy(value)
    *way, last = place
    inner = changed
    for key in way:
        inner = inner[key]
    inner[last] = inner[last] + 7 if isinstance(inner[last], int | float) else f"other {inner[last]}"
    return changed
