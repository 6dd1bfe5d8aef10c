"""Loads under SQLAlchemy 1.4, which has no `AsyncAttrs`, and whose `refresh()` passes over lazy relationships.

post.tags               ->    await greenlet_spawn(getattr, post, "tags")
db.refresh(post)        ->    await db.refresh(post)
return post                   await db.run_sync(lambda _: post.tags)
                              return post
"""

from __future__ import annotations

import ast
from collections.abc import Iterator, Sequence

from ..analysis.program import Program
from ..analysis.source import Source
from .awaiting import wrap_await
from .edit import Edit, Replace, Wrap
from .imports import request
from .versions import allows_none

ASYNC_ATTRS_SINCE = "2.0.13"
REFRESH_SINCE = "2.0.4"


def lacks_async_attrs(program: Program) -> bool:
    """Do the project's requirements allow no SQLAlchemy that has `AsyncAttrs`?"""
    return allows_none(program, "sqlalchemy", ASYNC_ATTRS_SINCE)


def loading(program: Program, session: str, owner: str, names: Sequence[str], again: bool = False) -> list[str]:
    """The statements that load relationships of an object; `again` those that may be loaded already."""
    listed = ", ".join(f'"{name}"' for name in names)
    if not allows_none(program, "sqlalchemy", REFRESH_SINCE):
        return [f"await {session}.refresh({owner}, [{listed}])"]
    expired = [f"{session}.expire({owner}, [{listed}])"] if again else []
    return [*expired, *(f"await {session}.run_sync(lambda _: {owner}.{name})" for name in names)]


def spawning(source: Source, node: ast.expr) -> tuple[str, list[Edit]]:
    """What calls a function where it may load, and the import of that."""
    name, wanted = request(source, "sqlalchemy.util.concurrency", "greenlet_spawn", at=node)
    return name, [wanted] if wanted else []


def spawned(source: Source, node: ast.Attribute, owner: ast.expr) -> Iterator[Edit]:
    """The edits that load an attribute where it is read."""
    spawn, wanted = spawning(source, node)
    yield from wanted
    yield Wrap(source.span(node)[0], source.span(owner)[1], f"{spawn}(getattr, ", "", 5)
    yield Replace(source.span(owner)[1], source.span(node)[1], f', "{node.attr}")')
    yield from wrap_await(source, node)
