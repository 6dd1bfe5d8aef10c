"""`Model.query`: a Query over the class, sent by the registry of sessions that `query_property()` was asked of."""

from __future__ import annotations

import ast

from ..analysis.once import once
from ..analysis.program import Program
from ..analysis.queries import Chain, is_read, queries
from ..analysis.source import Source
from ..analysis.values import PROPERTY, QUERY_PROPERTY
from .edit import Import
from .imports import request
from .query_text import Declined
from .references import imported_file, references


@once
def query_properties(program: Program) -> list[tuple[Source, ast.Call]]:
    """The calls of `query_property()`."""
    return [
        (source, node)
        for source in program.sources.values()
        for node in source.nodes
        if isinstance(node, ast.Call) and QUERY_PROPERTY in program.values(node)
    ]


def is_of_registry(program: Program, chain: Chain) -> bool:
    """Did the query of a chain begin with `Model.query`?"""
    return all(PROPERTY in q.traits for q in queries(program.values(chain.root)))


def queried_class(program: Program, chain: Chain) -> ast.expr | None:
    """The class whose `query` a chain begins with."""
    is_begun = isinstance(chain.root, ast.Attribute) and is_read(program, chain) and is_of_registry(program, chain)
    return chain.root.value if is_begun and isinstance(chain.root, ast.Attribute) else None


def registry(program: Program, chain: Chain, imports: list[Import]) -> str:
    """How the registry that sends a chain's query is written in its file.

    Raises:
        Declined: it is not one known name.
    """
    found = query_properties(program)
    if len(found) != 1:
        raise Declined("the query property can be that of one of several registries of sessions")
    source, call = found[0]
    match call:
        case ast.Call(func=ast.Attribute(value=ast.Name(id=name)), args=[], keywords=[]):
            pass
        case _:
            raise Declined("the query property has a query class of its own, or a registry without a name")
    home, name = _home(program, source, name)
    if home is chain.source:
        return name
    text, wanted = request(chain.source, references(program).spelling(chain.source, home.path), name)
    imports += [wanted] if wanted is not None else []
    return text


def _home(program: Program, source: Source, name: str) -> tuple[Source, str]:
    """The file that makes what a file knows under a name, and the name there."""
    for statement in source.tree.body:
        if not isinstance(statement, ast.ImportFrom):
            continue
        original = next((a.name for a in statement.names if (a.asname or a.name) == name), "")
        path = imported_file(program, source, statement) if original else None
        if path is not None:
            return _home(program, program.sources[path], original)
    return source, name
