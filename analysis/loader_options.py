"""Loader options: which relationships and columns come with the objects of a query."""

from __future__ import annotations

import ast
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from .values import NOTHING, ColumnAttribute, External, Many, Row, Text, Values, flat

if TYPE_CHECKING:
    from .tracing import Tracing

Path = tuple[str, ...]

# Loader options after which reading the relationship sends nothing (or raises, as it did before).
LOADING = frozenset(
    {"joinedload", "selectinload", "subqueryload", "immediateload", "contains_eager", "noload", "raiseload"}
)
LEADING = frozenset({"defaultload", "lazyload", "Load"})
# Options that say of the columns of an entity which are loaded with it.
OF_COLUMNS = frozenset({"undefer", "defer", "load_only"})


@dataclass(frozen=True, slots=True)
class Option(External):
    """A loader option: for the class `cls`, it has walked `path`, loads `eager` and leaves out `deferred`."""

    cls: str = ""
    path: Path = ()
    eager: frozenset[Path] = frozenset()
    deferred: frozenset[Path] = frozenset()


class LoaderOptions:
    """Follows the options of queries along relationships."""

    def __init__(self, tracing: Tracing) -> None:
        self._tracing = tracing

    def walked(self, option: Option, word: str, node: ast.Call) -> Option:
        """A loader option that has gone on along the relationships that a call names."""
        if word in OF_COLUMNS:
            return self._columns(option, word, node)
        if word == "options":
            return self._with_inner(option, node)
        if word not in LOADING | LEADING:
            return option
        for argument in node.args:
            for cls, name in self._relationships(argument):
                path = (*option.path, name)
                eager = option.eager | {path} if word in LOADING else option.eager
                option = replace(option, cls=option.cls or cls, path=path, eager=eager)
        return option

    def _with_inner(self, option: Option, node: ast.Call) -> Option:
        """A loader option with further ones from its end on: `joinedload(A.b).options(joinedload(B.c), …)`."""
        for argument in node.args:
            for inner in self._tracing.values.get(argument, NOTHING):
                if isinstance(inner, Option):
                    eager = option.eager | {(*option.path, *path) for path in inner.eager}
                    deferred = option.deferred | {(*option.path, *path) for path in inner.deferred}
                    option = replace(option, eager=eager, deferred=deferred)
        return option

    def _columns(self, option: Option, word: str, node: ast.Call) -> Option:
        """A loader option that says which columns of the entity at its end are loaded."""
        named = [found for argument in node.args for found in self._relationships(argument)]
        names = {name for _, name in named}
        if word == "load_only":
            mapped = next((m for cls, _ in named if (m := self._tracing.objects.mapped[cls])), None)
            names = {n for n, s in mapped.columns.items() if n not in names and not _is_key(s)} if mapped else set()
        paths = frozenset((*option.path, name) for name in names)
        if word == "undefer":
            return replace(option, eager=option.eager | paths)
        return replace(option, deferred=option.deferred | paths)

    def _relationships(self, node: ast.expr) -> Iterator[tuple[str, str]]:
        """The relationships that an argument of an option names: `User.posts`, `User.posts.of_type(…)`, `"posts"`."""
        while isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
            node = node.func.value
        for value in self._tracing.values.get(node, NOTHING):
            match value:
                case ColumnAttribute(cls=cls, name=name):
                    yield cls, name
                    return
                case Text(text=text):
                    yield from (("", part) for part in text.split("."))
                    return

    def loaded(self, arguments: Iterable[Values]) -> frozenset[Path]:
        """The paths that options load; of alternatives only what all of them load."""
        found: set[Path] = set()
        for values in arguments:
            alternatives = [v.eager for v in values if isinstance(v, Option)]
            if alternatives:
                found |= frozenset.intersection(*alternatives)
            for value in values:
                if isinstance(value, Many | Row):
                    found |= {p for v in flat(value) if isinstance(v, Option) for p in v.eager}
        return frozenset(found)

    def deferred(self, arguments: Iterable[Values]) -> frozenset[Path]:
        """The columns that options leave out; of alternatives what any of them does."""
        options = (v for values in arguments for value in values for v in flat(value) if isinstance(v, Option))
        return frozenset(path for option in options for path in option.deferred)


def _is_key(column: ast.stmt) -> bool:
    """Is a column part of the primary key, which always comes?"""
    return any(isinstance(n, ast.keyword) and n.arg == "primary_key" for n in ast.walk(column))
