"""Where async sessions are made, and whether a commit expires their objects."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from .calling import tests_aside
from .once import once
from .symbols import Function
from .values import ClassObject, Instance

if TYPE_CHECKING:
    from .program import Program

FACTORY = "sqlalchemy.ext.asyncio.async_sessionmaker"
SYNC_FACTORY = "sqlalchemy.orm.sessionmaker"
SYNC_SESSION = "sqlalchemy.orm.Session"
SYNC_REGISTRY = "sqlalchemy.orm.scoped_session"
SESSION = "sqlalchemy.ext.asyncio.AsyncSession"
# It hands out the sessions of the factory that it is given.
REGISTRY = "sqlalchemy.ext.asyncio.async_scoped_session"
OPTION = "expire_on_commit"


@dataclass(frozen=True, eq=False, slots=True)
class Factory:
    """A call in `function` that makes async sessions, or a factory of them; `expires`: a commit expires objects.

    `is_maker` tells the factories, whose sessions are handed about, from a session that is made for the function.
    """

    function: Function
    node: ast.Call
    expires: bool
    is_maker: bool = True

    @property
    def key(self) -> str:
        return f"{self.function.source.path}:{self.node.lineno}:{self.node.col_offset}"


@once
def factories(program: Program) -> list[Factory]:
    """Those of the project without its suite."""
    found: list[Factory] = []
    configured = set(_configured(program))
    for function in tests_aside(program):
        for node in function.own_nodes():
            if isinstance(node, ast.Call) and _makes_async_sessions(program, node):
                factory = Factory(function, node, _expires(node), _is_maker(program, node))
                given_later = {factory.key, *_session_classes(program, node)} & configured
                found.append(replace(factory, expires=factory.expires and not given_later))
    return found


def expires_on_commit(program: Program, maker: ast.expr | None = None) -> bool:
    """Does a commit expire the objects of a session: of one that `maker` makes, or of any that is handed about?"""
    known = {f.key: f for f in factories(program)}
    if maker is not None:
        made_by = [known[v.origin] for v in program.values(maker) if isinstance(v, Instance) and v.origin in known]
        if made_by:
            return any(f.expires for f in made_by)
    makers = [f for f in known.values() if f.is_maker]
    return any(f.expires for f in makers or known.values())


@once
def expired_on_commit(program: Program) -> bool:
    """Did a commit expire the objects of the application's sync sessions, as it does unless it is told otherwise?"""
    found = [_expires(node) for node in _sync_makers(program)]
    return any(found) or not found


@once
def flushes_before_queries(program: Program) -> bool:
    """Do the application's sync sessions write what is pending before a query, as they do unless told otherwise?

    Where they do not, a query that populates what is there already would undo what was not written yet.
    """
    assigned = (n for f in tests_aside(program) for n in f.own_nodes() if isinstance(n, ast.Attribute))
    if any(n.attr == "autoflush" and isinstance(n.ctx, ast.Store) for n in assigned):
        return False
    return not any(
        k.arg == "autoflush" and not (isinstance(k.value, ast.Constant) and k.value.value is True)
        for node in _sync_makers(program)
        for k in node.keywords
    )


@once
def _sync_makers(program: Program) -> list[ast.Call]:
    """The calls of the project without its suite that make sync sessions, or factories of them."""
    nodes = [n for f in tests_aside(program) for n in f.own_nodes() if isinstance(n, ast.Call)]
    return [n for n in nodes if _makes_sync_sessions(program, n)]


def _makes_sync_sessions(program: Program, node: ast.Call) -> bool:
    objects = program.interpreter.objects
    classes = [v.cls for v in program.values(node.func) if isinstance(v, ClassObject)]
    return any(
        objects.is_a(c, SYNC_FACTORY) or (objects.is_a(c, SYNC_SESSION) and not objects.is_a(c, SYNC_REGISTRY))
        for c in classes
    )


def _makes_async_sessions(program: Program, node: ast.Call) -> bool:
    objects = program.interpreter.objects
    for value in program.values(node.func):
        if isinstance(value, ClassObject):
            if value.cls == FACTORY or (objects.is_a(value.cls, SESSION) and value.cls != REGISTRY):
                return True
            if objects.is_a(value.cls, SYNC_FACTORY):
                return any(isinstance(v, Instance) and v.cls == FACTORY for v in program.values(node))
    return False


def _is_maker(program: Program, node: ast.Call) -> bool:
    return any(isinstance(v, Instance) and v.cls == FACTORY for v in program.values(node))


def _expires(node: ast.Call) -> bool:
    """Is the option left out? What is handed on in `**options` is not known, and taken to be right."""
    return not any(k.arg in {OPTION, None} for k in node.keywords) or any(
        k.arg == OPTION and isinstance(k.value, ast.Constant) and k.value.value is True for k in node.keywords
    )


def _configured(program: Program) -> Iterator[str]:
    """What is given the option later: factories by `factory.configure(…)`, session classes by their constructor."""
    for function in program.functions:
        for node in function.own_nodes():
            match node:
                case ast.Call(func=ast.Attribute(value=receiver, attr="configure" | "__init__" as name)):
                    if any(k.arg == OPTION for k in node.keywords):
                        if name == "configure":
                            yield from (v.origin for v in program.values(receiver) if isinstance(v, Instance))
                        elif function.owner:
                            yield function.owner.key


def _session_classes(program: Program, node: ast.Call) -> Iterator[str]:
    """The classes of the project whose sessions a call makes, or a factory that it makes does."""
    given = [node.func, *node.args, *(k.value for k in node.keywords if k.arg == "class_")]
    for value in given:
        for made in program.values(value):
            if isinstance(made, ClassObject):
                yield from (c for c in program.interpreter.objects.ancestry(made.cls))
