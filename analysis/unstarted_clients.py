"""Test clients that are never entered, of applications whose start does what only making them did before."""

from __future__ import annotations

import ast
from collections import Counter
from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING

from .application_factories import ApplicationFactory, bound, registers_handlers
from .async_sites import AsyncSite
from .clients import Client, Clients
from .fixtures import fixture_name, is_test
from .symbols import Function
from .values import Instance

if TYPE_CHECKING:
    from .program import Program

HOLDERS = (ast.Assign, ast.AnnAssign, ast.Return, ast.Yield)


def started_origins(program: Program, factories: Iterable[ApplicationFactory]) -> set[str]:
    """The applications that get a lifespan of which they had none, by the places where they are made."""
    if registers_handlers(program):
        return set()
    made = [f.call for f in factories if f.lifespan is None]
    return {v.origin for call in made for v in program.values(call) if isinstance(v, Instance)}


def unstarted_clients(
    program: Program, clients: Clients, factories: Iterable[ApplicationFactory], uses: Iterable[AsyncSite]
) -> Iterator[AsyncSite]:
    """The places in tests and fixtures where a client is made whose application has to be started first."""
    starting = started_origins(program, factories)
    entered = {key for use in uses if use.kind == "client" for key in clients.at(use.node)}
    several = Counter(client.function for client in clients.made)
    for client in clients.made if starting else ():
        is_free = client.key not in entered and not clients.why_sync(client.node) and several[client.function] == 1
        if is_free and _may_start(client) and origins(program, client) <= starting:
            yield AsyncSite(client.function, client.node, "start", None, "starts the application")


def origins(program: Program, client: Client) -> set[str]:
    """The places where the application of a client can be made; "" where none is known."""
    values = program.values(client.app) if client.app else ()
    return {v.origin for v in values if isinstance(v, Instance) and v.origin} or {""}


def _may_start(client: Client) -> bool:
    """Is it made in a test or fixture, in a statement of its own, of an application that this one has made or got?"""
    function = client.function
    if function.is_lambda or not (is_test(function) or fixture_name(function)):
        return False
    returns = [n for n in function.own_nodes() if isinstance(n, ast.Return)]
    parent = function.source.parents[client.node]
    if not isinstance(parent, HOLDERS) or (isinstance(parent, ast.Return) and (returns != [parent])):
        return False
    return not (isinstance(parent, ast.Return) and function.is_generator) and is_own(function, client.app)


def is_own(function: Function, app: ast.expr | None) -> bool:
    """Is it an application that a function makes, has in a variable, or is given?"""
    match app:
        case ast.Call(args=args, keywords=keywords):
            return all(isinstance(a, ast.Constant | ast.Name) for a in (*args, *(k.value for k in keywords)))
        case ast.Name(id=name):
            return name in bound(function.body) | {p.arg for p in function.parameters()}
    return False
