"""The engine of a session that is asked for connections is its `bind`.

engine = session.get_bind()                 engine = session.bind
Base.metadata.create_all(engine)     ->     async with engine.begin() as connection:
                                                await connection.run_sync(Base.metadata.create_all)

What an AsyncSession gives as `get_bind()` is its sync engine, which tells of itself and no more.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator

from ..analysis.decisions import Decision
from ..analysis.program import Program
from ..analysis.queries import site_key
from ..analysis.values import External, Instance
from .edit import Edit, Replace

NAME = "session-binds"
ENGINE = "sqlalchemy.Engine"


def decide(program: Program) -> Iterator[Decision]:
    """A decision for each engine that an async session is asked for, and that is used on the loop."""
    calls = [
        (f, n)
        for f in program.functions
        for n in (() if program.stays_sync(f) else f.own_nodes())
        if isinstance(n, ast.Call) and _gives_bind(program, n)
    ]
    awaited = _awaited(program) if calls else set()
    for function, node in calls:
        if site_key(function.source, node) in awaited:
            yield Decision(NAME, function.source.site(node), "take the session's bind", node=node)


def _gives_bind(program: Program, node: ast.Call) -> bool:
    return not (node.args or node.keywords) and any(
        isinstance(v, External)
        and v.name.endswith(".get_bind")
        and isinstance(v.receiver, Instance)
        and bool(program.converted_class(v.receiver.cls))
        for v in program.values(node.func)
    )


def _awaited(program: Program) -> set[str]:
    """The engines of sessions that anything is awaited of, wherever they were kept, by the calls that gave them."""
    colours = program.colours
    sites = (s for f in program.functions for s in colours.sites_of(f) if colours.can_await(f, s.node))
    values = (v for s in sites for n in ast.walk(s.node) if isinstance(n, ast.expr) for v in program.values(n))
    return {v.origin for v in values if isinstance(v, Instance) and v.cls == ENGINE}


def rewrite(decision: Decision, program: Program) -> Iterator[Edit]:
    """`.get_bind()` -> `.bind`"""
    node, source = decision.node, program.sources[decision.site.path]
    assert isinstance(node, ast.Call)
    yield Replace(source.span(node.func)[1] - len("get_bind"), source.span(node)[1], "bind")
