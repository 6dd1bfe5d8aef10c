"""How far a relationship's own `lazy=` reaches: SQLAlchemy loads nothing of a class that it has met already.

A shelf's `parent`, which is a shelf itself, is not loaded with it whatever its `lazy=` says, and neither are the tags
of a tag's entries; with `join_depth=` or a loader option at the query they are.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from .declared import declared
from .loader_options import Path
from .mapped import Relationship
from .tracing import Root, Traced, TracedEntity, Tracing
from .values import Query, Statement

if TYPE_CHECKING:
    from .program import Program

LOADERS = frozenset({"joined", "selectin", "subquery", "immediate"})


def stops_before(program: Program, tracing: Tracing, origin: Traced, relationship: Relationship) -> bool:
    """Is the relationship left out, though its `lazy=` says that it is loaded with its owner?

    One that is made eager here is loaded one level deep if it leads to its own class (`join_depth=1`).
    """
    if relationship.lazy in LOADERS:
        return not has_depth(relationship) and relationship.target in _met(program, tracing, origin)
    if relationship.is_within:
        return relationship.name in origin.path
    return relationship.target in _met(program, tracing, origin)


def depth(program: Program, tracing: Tracing, origin: Traced, relationship: Relationship) -> int:
    """The `join_depth=` with which a relationship is loaded though its target was met on the way; 0 where none is."""
    return len(origin.path) + 1 if relationship.target in _met(program, tracing, origin) else 0


def has_depth(relationship: Relationship) -> bool:
    """Does the declaration say how deep it loads?"""
    return declared(relationship, "join_depth") is not None


def _met(program: Program, tracing: Tracing, origin: Traced) -> set[str]:
    """The classes on the way from the root to an object, both included."""
    first = origin.cls if not origin.path else next(_classes(tracing, origin.root), origin.cls)
    return {origin.cls, first, *(r.target for r in along(program, first, origin.path))}


def _classes(tracing: Tracing, root: Root) -> Iterator[str]:
    """The class that the call of a root loads or makes."""
    for value in tracing.values.get(tracing.place(root).node, ()):
        match value:
            case Traced(root=own, path=()) if own == root:
                yield value.cls
            case Query(entities=entities) | Statement(entities=entities):
                yield from (e.cls for e in entities if isinstance(e, TracedEntity) and e.root == root)


def along(program: Program, cls: str, path: Path) -> list[Relationship]:
    """The relationships along a path from a class, as far as they are known."""
    found: list[Relationship] = []
    for name in path:
        mapped = program.mapped(cls)
        if mapped is None or name not in mapped.relationships | mapped.columns:
            break
        found.append(mapped.relationships.get(name) or mapped.column(name))
        cls = found[-1].target
    return found
