"""The engine of a session that is asked for connections is its `bind`.

engine = session.get_bind()                 engine = session.bind
Base.metadata.create_all(engine)     ->     async with engine.begin() as connection:
                                                await connection.run_sync(Base.metadata.create_all)

What an AsyncSession gives as `get_bind()` is its sync engine, which tells of itself and no more.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator

from ..analysis.bridges import with_parents
from ..analysis.decisions import Decision
from ..analysis.program import Program
from ..analysis.symbols import Function
from ..analysis.values import External, Instance
from .edit import Edit, Replace

NAME = "session-binds"


def decide(program: Program) -> Iterator[Decision]:
    """A decision for each engine that an async session is asked for, and that is used on the loop."""
    for function in program.functions:
        if program.stays_sync(function):
            continue
        for node in function.own_nodes():
            if isinstance(node, ast.Call) and _gives_bind(program, node) and _is_awaited(program, function, node):
                yield Decision(NAME, function.source.site(node), "take the session's bind", node=node)


def _gives_bind(program: Program, node: ast.Call) -> bool:
    return not (node.args or node.keywords) and any(
        isinstance(v, External)
        and v.name.endswith(".get_bind")
        and isinstance(v.receiver, Instance)
        and bool(program.converted_class(v.receiver.cls))
        for v in program.values(node.func)
    )


def _is_awaited(program: Program, function: Function, node: ast.Call) -> bool:
    """Is anything awaited of what the call gives, there or where its name is used?"""
    colours = program.colours
    match function.source.parents[node]:
        case ast.Assign(targets=[ast.Name(id=name)]):
            inner = [f for f in program.functions if f.source is function.source and function in with_parents(f)]
            sites = (s for f in inner for s in colours.sites_of(f) if colours.can_await(f, s.node))
            return any(isinstance(n, ast.Name) and n.id == name for s in sites for n in ast.walk(s.node))
        case ast.Attribute() as attribute:
            call = function.source.parents[attribute]
            return any(s.node is call and colours.can_await(function, call) for s in colours.sites_of(function))
    return False


def rewrite(decision: Decision, program: Program) -> Iterator[Edit]:
    """`.get_bind()` -> `.bind`"""
    node, source = decision.node, program.sources[decision.site.path]
    assert isinstance(node, ast.Call)
    yield Replace(source.span(node.func)[1] - len("get_bind"), source.span(node)[1], "bind")
