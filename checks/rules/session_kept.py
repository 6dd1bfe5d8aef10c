"""A session is kept beyond its unit of work.

A session that is put into a global, into a worker's context at its start, or into a container that serves all requests
is used by all that run at the same time, and its transaction never ends. Keep the factory, and open a session for each
request or job: `async with SessionLocal() as session`.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator

from ...analysis.calling import tests_aside
from ...analysis.program import Program
from ...analysis.session_use import is_async_database
from ...analysis.symbols import Function
from ..finding import Finding, finding
from ..rule import Example

CODE = "AS602"
NAME = "session-kept"

EXAMPLES = (
    Example(
        bad="""\
from sqlalchemy.ext.asyncio import AsyncSession, async_sessionmaker

SessionLocal: async_sessionmaker[AsyncSession]


async def startup(context: dict[str, object]) -> None:
    session = SessionLocal()  # AS602
    context["session"] = session
""",
        good="""\
from sqlalchemy.ext.asyncio import AsyncSession, async_sessionmaker

SessionLocal: async_sessionmaker[AsyncSession]


async def startup(context: dict[str, object]) -> None:
    context["factory"] = SessionLocal
""",
    ),
)


def find(program: Program) -> Iterator[Finding]:
    for function in tests_aside(program):
        if not function.is_module:
            for node, place in _kept(program, function):
                message = f"the session is kept in {place} and shared by all that use it: keep the factory instead"
                yield finding(function.source, node, CODE, message)


def _kept(program: Program, function: Function) -> Iterator[tuple[ast.expr, str]]:
    made = _made(program, function)
    for node in function.own_nodes():
        match node:
            case ast.Assign(targets=[ast.Subscript(value=owner)], value=ast.Name(id=name)) if name in made:
                if not _is_local(function, owner):
                    yield made[name], function.source.text(owner)
            case ast.Assign(targets=[ast.Name(id=name)], value=value) if name in function.globals:
                if _is_session(program, value) or _is_given_session(program, value):
                    yield value, f"the global {name}"
            case ast.Call(func=ast.Attribute(value=owner, attr="override"), args=[given]):
                if _is_session(program, given) and _is_global(function, owner):
                    yield node, function.source.text(owner)


def _made(program: Program, function: Function) -> dict[str, ast.expr]:
    """Sessions that a function makes by a plain call, and does not yield: nothing closes them at its end."""
    if function.is_generator:
        return {}
    found: dict[str, ast.expr] = {}
    for node in function.own_nodes():
        match node:
            case ast.Assign(targets=[ast.Name(id=name)], value=ast.Call() as call) if _is_session(program, call):
                found[name] = call
    return found


def _is_session(program: Program, node: ast.expr) -> bool:
    values = program.values(node)
    return program.is_session(values) and is_async_database(program, values)


def _is_given_session(program: Program, node: ast.expr) -> bool:
    """`Repository(SessionLocal())`"""
    return isinstance(node, ast.Call) and any(
        isinstance(given, ast.Call) and _is_session(program, given)
        for given in (*node.args, *(k.value for k in node.keywords))
    )


def _is_local(function: Function, owner: ast.expr) -> bool:
    """Is it a dict that the function has made?"""
    return isinstance(owner, ast.Name) and any(
        isinstance(n, ast.Name) and n.id == owner.id and isinstance(n.ctx, ast.Store) for n in function.own_nodes()
    )


def _is_global(function: Function, owner: ast.expr) -> bool:
    """Does what is written begin with a name that neither the function nor one around it binds?"""
    while isinstance(owner, ast.Attribute):
        owner = owner.value
    if not isinstance(owner, ast.Name):
        return False
    scope: Function | None = function
    while scope is not None and not scope.is_module:
        bound = {n.id for n in scope.own_nodes() if isinstance(n, ast.Name) and isinstance(n.ctx, ast.Store)}
        if owner.id in bound | {p.arg for p in scope.parameters()}:
            return False
        scope = scope.parent
    return True
