"""Alembic works on sync connections and drivers, also where the project's own are async.

config.attributes["connection"] = connection      config.attributes["connection"] = connection.sync_connection
command.upgrade(config, "head")               ->  await greenlet_spawn(command.upgrade, config, "head")
"""

from __future__ import annotations

import ast
from collections.abc import Iterator

from ..analysis.alembic import handed_connections
from ..analysis.decisions import Decision
from ..analysis.program import Program
from ..analysis.source import Source
from .awaiting import wrap_await
from .carried import Work, carried, decided
from .edit import Edit, Replace, Wrap
from .imports import request

NAME = "alembic-calls"


def decide(program: Program) -> Iterator[Decision]:
    """A decision for each command, and for each connection that one works on."""
    for site in program.colours.sites():
        if site.kind == "alembic" and program.is_async_after(site.function):
            assert isinstance(site.node, ast.Call)
            edits = list(_in_a_greenlet(site.function.source, site.node))
            work = Work(site.function.source, site.node, "run the command in a greenlet", edits)
            yield decided(program, NAME, work, program.colours.site_chain(site))
    for function, node, _ in handed_connections(program):
        edits = [Wrap(*function.source.span(node), "", ".sync_connection")]
        yield decided(program, NAME, Work(function.source, node, "hand over the sync connection", edits))


def _in_a_greenlet(source: Source, node: ast.Call) -> Iterator[Edit]:
    text, wanted = request(source, "sqlalchemy.util", "greenlet_spawn", at=node)
    start, end = source.span(node.func)[1], source.span(node.args[0])[0]
    yield Wrap(*source.span(node.func), f"{text}(", "")
    yield Replace(start, end, ", ")
    yield from wrap_await(source, node)
    if wanted:
        yield wanted


def rewrite(decision: Decision, program: Program) -> Iterator[Edit]:
    """The edits that were worked out when the decision was made."""
    yield from carried(decision)
