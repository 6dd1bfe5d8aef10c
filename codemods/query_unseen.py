"""Queries that the flow of values does not see: they are reported, so that no Query is left without a word."""

from __future__ import annotations

import ast
from collections.abc import Iterator

from ..analysis.program import Program
from ..analysis.queries import QUERY_METHODS
from ..analysis.source import Source
from ..analysis.symbols import dotted
from ..analysis.values import ClassObject, External

UNKNOWN = "it is not known whether {} is a session"
MADE = "a Query that is made by its class: write select({}), and execute it where its session is"
LEGACY = frozenset({ClassObject("sqlalchemy.orm.Query"), External("sqlalchemy.orm.Query")})


def unseen(program: Program) -> Iterator[tuple[Source, ast.Call, str]]:
    """The calls that give such a query, each with what is to be said of it."""
    for source in program.sources.values():
        for node in source.nodes if not program.stays_behind(source.path) else ():
            match node:
                case ast.Call(func=ast.Attribute(attr="query", value=receiver), args=[asked, *_]):
                    if not program.values(receiver) and _is_class(asked) and _goes_on(source, node):
                        yield source, node, UNKNOWN.format(source.text(receiver))
                case ast.Call(func=ast.Name() | ast.Attribute() as made, args=[asked, *_]):
                    if LEGACY & program.values(made):
                        yield source, node, MADE.format(source.text(asked))


def _is_class(node: ast.expr) -> bool:
    """Is it called as classes are?"""
    return dotted(node).rpartition(".")[2][:1].isupper()


def _goes_on(source: Source, call: ast.Call) -> bool:
    """Is a method called on it that a Query has?"""
    method = source.parents[call]
    return isinstance(method, ast.Attribute) and method.attr in QUERY_METHODS | {"all", "first", "get", "one", "count"}
