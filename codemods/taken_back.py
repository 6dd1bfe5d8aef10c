"""A session that was lent to a function is given to it again, once the function moves too.

user = await db.run_sync(find_user, key)   ->   user = await find_user(db, key)

`run_sync` makes a function that asks a session run in code that is async already. It has to go when others call the
function as well and become async: what has become async can't run inside of `run_sync`.
"""

from __future__ import annotations

import ast
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass

from ..analysis.program import Program
from ..analysis.source import Source
from ..analysis.values import FunctionObject, Instance
from .edit import Edit, Replace, apply


@dataclass(frozen=True, slots=True)
class Lending:
    """`await session.run_sync(function, …)`; `inner` is the call in `run_sync(lambda s: function(…, s))`."""

    source: Source
    node: ast.Call
    session: ast.expr
    key: str
    inner: ast.Call | None = None


def with_sessions_taken_back(program: Program) -> dict[str, bytes]:
    """The contents of files in which functions that move are called with the session itself again."""
    found = [lending for source in program.sources.values() for lending in _lendings(program, source)]
    moving = {each.key for each in found if _moves(program, each.key)}
    called = _called(program, moving, {n for each in found for n in ast.walk(each.node)})
    edits: defaultdict[str, list[Edit]] = defaultdict(list)
    for each in found:
        if each.key in called:
            edits[each.source.path].extend(_edits(each))
    return {path: apply(program.sources[path].content, changes) for path, changes in edits.items()}


def _lendings(program: Program, source: Source) -> Iterator[Lending]:
    if b"run_sync" not in source.content:
        return
    for node in source.nodes:
        match node:
            case ast.Await(
                value=ast.Call(func=ast.Attribute(value=session, attr="run_sync"), args=[given, *_]) as call
            ) if _lends(program, session):
                inner = _inside(given)
                keys = {v.key for v in program.values(inner.func if inner else given) if isinstance(v, FunctionObject)}
                if len(keys) == 1 and not (isinstance(given, ast.Lambda) and inner is None):
                    yield Lending(source, call, session, keys.pop(), inner)


def _lends(program: Program, session: ast.expr) -> bool:
    """Is it a session or connection whose `run_sync` this is? Modules that run things in threads have one too."""
    is_a = program.interpreter.objects.is_a
    classes = [v.cls for v in program.values(session) if isinstance(v, Instance)]
    return any(
        is_a(cls, f"sqlalchemy.ext.asyncio.{name}") for cls in classes for name in ("AsyncSession", "AsyncConnection")
    )


def _inside(given: ast.expr) -> ast.Call | None:
    """The call that a lambda makes with the session, and with nothing else that it is given."""
    match given:
        case ast.Lambda(args=ast.arguments(args=[parameter]), body=ast.Call() as call):
            named = [n for n in ast.walk(call) if isinstance(n, ast.Name) and n.id == parameter.arg]
            if len(named) == 1 and named[0] in [*call.args, *(k.value for k in call.keywords)]:
                return call
    return None


def _moves(program: Program, key: str) -> bool:
    function = program.function(key)
    return not function.is_async and not program.stays_sync(function)


def _called(program: Program, keys: set[str], lent: set[ast.AST]) -> set[str]:
    """Those of some functions that code which moves calls with a session of its own."""
    found: set[str] = set()
    for source in program.sources.values() if keys else ():
        if source.path not in program.kept:
            calls = (n for n in source.nodes if isinstance(n, ast.Call) and n not in lent)
            found |= {v.key for n in calls for v in program.values(n.func) if isinstance(v, FunctionObject)}
    return found & keys


def _edits(lending: Lending) -> Iterator[Edit]:
    source, node, session = lending.source, lending.node, lending.session
    start, end = source.span(node)
    text = source.text(session)
    if lending.inner is not None:
        assert isinstance(node.args[0], ast.Lambda)
        (parameter,) = node.args[0].args.args
        given = [*lending.inner.args, *(k.value for k in lending.inner.keywords)]
        first, last = source.span(lending.inner)
        yield Replace(start, first, "")
        yield from (Replace(*source.span(g), text) for g in given if isinstance(g, ast.Name) and g.id == parameter.arg)
        yield Replace(last, end, "")
        return
    first, last = source.span(node.args[0])
    yield Replace(start, first, "")
    if len(node.args) + len(node.keywords) > 1:
        yield Replace(last, last, f"({text}")
    else:
        yield Replace(last, end, f"({text})")
