"""Attributes that only the sync object behind an async one has are read and set there.

session.enable_baked_queries = True   ->   session.sync_session.enable_baked_queries = True

Objects are not to expire on commit, as in what makes sessions: under asyncio the next read would have to query.

session.expire_on_commit = True       ->   session.sync_session.expire_on_commit = False

A connection of the driver itself can be used inside `run_sync` alone: it waits for nothing, and its methods can't be
awaited. So what asks for one stays sync, and a person has to look.

engine.raw_connection()               ->   engine.sync_engine.raw_connection()
"""

from __future__ import annotations

import ast
from collections.abc import Iterator

from ..analysis.decisions import Confidence, Decision
from ..analysis.library import LibraryClass, library
from ..analysis.program import Program
from ..analysis.values import Instance
from .arguments import is_false
from .edit import Edit, Replace
from .engines import EXPIRE

NAME = "facades"
# What is found on the sync object, and why using it is not enough.
CONCERNS = {
    "raw_connection": "a connection of an async driver works inside run_sync() alone: use a connection of the engine, "
    "or hand the function to run_sync()"
}


def decide(program: Program) -> Iterator[Decision]:
    """One decision for each such attribute."""
    for function in program.functions:
        if program.stays_sync(function):
            continue
        for node in function.own_nodes():
            if not isinstance(node, ast.Attribute) or not (facade := _facade(program, node)):
                continue
            concern = CONCERNS.get(node.attr, "")
            yield Decision(
                NAME,
                function.source.site(node),
                f"take it from {facade}",
                confidence=Confidence.LOW if concern else Confidence.HIGH,
                concern=concern,
                function=function.qualname,
                data={"facade": facade},
                node=node,
            )


def _facade(program: Program, node: ast.Attribute) -> str:
    """The attribute behind which the sync object stands, when the async one lacks what is read or set."""
    if isinstance(node.value, ast.Attribute) and node.value.attr.startswith("sync_"):
        return ""
    for value in program.values(node.value):
        if (
            isinstance(value, Instance)
            and program.converted_class(value.cls)
            and not program.methods(value.cls, node.attr)
        ):
            for cls in _known(program, value.cls):
                if node.attr in cls.facade_only or (
                    cls.facade and isinstance(node.ctx, ast.Store) and cls.name in SLOTTED
                ):
                    return cls.facade
    return ""


# Their async classes take no attributes but their own.
SLOTTED = {"sqlalchemy.Connection", "sqlalchemy.Engine"}


def _known(program: Program, cls: str) -> Iterator[LibraryClass]:
    for base in program.interpreter.objects.ancestry(cls):
        yield from library().ancestry(base)


def rewrite(decision: Decision, program: Program) -> Iterator[Edit]:
    """Go through the sync object."""
    node = decision.node
    assert isinstance(node, ast.Attribute)
    source = program.sources[decision.site.path]
    end = source.span(node.value)[1]
    yield Replace(end, end, f".{decision.data['facade']}")
    match source.parents[node]:
        case ast.Assign(value=value) if node.attr == EXPIRE and not is_false(value):
            yield Replace(*source.span(value), "False")
