"""Functions that are handed to something that may call them."""

from __future__ import annotations

import ast
from collections import defaultdict
from collections.abc import Iterable

from .arguments import Arguments
from .values import FunctionObject, Many, Row, Value, Values


class HandOvers:
    """The part of the calls that remembers which function was handed to what."""

    def __init__(self) -> None:
        # Function key -> how it is called (a `calls` word of the library tables, or "unknown"), and where it was handed
        self.handed: defaultdict[str, dict[tuple[str, ast.AST], None]] = defaultdict(dict)

    def hand_all(self, policy: str, node: ast.expr, arguments: Arguments) -> None:
        """Note the functions among the arguments of a call."""
        positional, keywords = arguments
        for values in [*(v for _, v in positional), *keywords.values()]:
            self.hand("sync" if policy == "describes" else policy or "unknown", node, values)

    def hand(self, policy: str, node: ast.AST, values: Values) -> set[str]:
        """Note the functions that were handed to something, which calls them as `policy` says; their keys."""
        if policy in {"never", "describes"}:
            return set()
        handed = {v.key for value in values for v in _items(value) if isinstance(v, FunctionObject)}
        for key in handed:
            self.handed[key][policy, node] = None
        return handed


def _items(value: Value) -> Iterable[Value]:
    """The items of a list or tuple; anything else itself."""
    match value:
        case Many(items=items):
            return items
        case Row(items=rows):
            return [item for row in rows for item in row]
    return (value,)
