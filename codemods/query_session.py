"""Which session executes a statement: a Query carries its session, a select does not."""

from __future__ import annotations

import ast
from collections.abc import Iterator, Sequence

from ..analysis.program import Program
from ..analysis.provenance import Provenance, kept, provenance
from ..analysis.queries import Chain, queries
from ..analysis.source import Source
from ..analysis.symbols import Function, dotted
from .query_text import Declined

CARRIED = "the query carries its session, a select does not"


class NoSession(Declined):
    """No session is in reach in `function`; `parameter` is the name under which it has the query."""

    def __init__(self, function: Function | None, parameter: str) -> None:
        super().__init__(f"{CARRIED}: no session is in reach where it is executed")
        self.function = function
        self.parameter = parameter


def session_text(program: Program, chain: Chain, known: Sequence[Provenance]) -> str:
    """How the session of a query is written where the chain stands.

    Raises:
        Declined: no session is in reach.
    """
    source = chain.source
    if chain.session is not None:
        return source.text(chain.session)
    function = program.function_at(source, chain.node)
    found = {o.session if _encloses(o.home, function) else "" for p in known for o in p.origins}
    if len(found) == 1 and "" not in found:
        return found.pop()
    if len(found - {""}) > 1:
        raise Declined("the query can have one of several sessions")
    near = list(dict.fromkeys(near_sessions(program, source, function)))
    if len(near) == 1:
        return near[0]
    if near:
        raise Declined(f"{CARRIED}, and there are several here: {', '.join(near)}")
    raise NoSession(*provenance(program, chain).handed)


def _encloses(outer: Function | None, inner: Function | None) -> bool:
    while inner is not None and inner is not outer:
        inner = inner.parent
    return inner is outer and outer is not None


def near_sessions(program: Program, source: Source, function: Function | None) -> Iterator[str]:
    """Sessions that are in reach of a function: its parameters and names, or attributes of its object."""
    scope = function
    while scope is not None and not scope.is_module:
        parameters = [a.arg for a in scope.parameters()]
        yield from (name for name in parameters if program.is_session(program.parameter(scope, name)))
        for node in scope.own_nodes():
            if not isinstance(node, ast.Attribute) or not program.is_session(program.values(node)):
                continue
            if queries(program.values(node.value)):
                continue
            if dotted(node).partition(".")[0] in parameters:
                yield dotted(node)
        scope = scope.parent
    owner = function.owner if function and function.binding == "instance" else None
    for method in owner.methods.values() if owner else ():
        yield from (source.text(t) for t, value in kept(method) if program.is_session(program.values(value)))
