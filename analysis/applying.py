"""Functions that give what a function gives that they are given: `retry(load)`, `in_session(lambda db: …)`.

What such a call gives depends on what it hands over, not on what all the other calls do.
"""

from __future__ import annotations

import ast
from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from .bindings import assigned, defaults, is_store, returned
from .library import library, split
from .once import once
from .symbols import Function
from .values import NOTHING, External, FunctionObject, Values

if TYPE_CHECKING:
    from .arguments import Arguments
    from .expressions import Expressions

# The cell of what a function returns, but for what it is given to call gives.
OWN = "own return"
IN_THREAD = "thread"


@dataclass(frozen=True, slots=True)
class Application:
    """The call of what a parameter holds, and how often an `await` stands before what it gives."""

    parameter: str
    call: ast.Call
    awaits: int = 0


def note_return(interpreter: Expressions, function: Function, values: Values, node: ast.expr | None = None) -> None:
    """Note what a function returns; `node` is the expression, where it is not a promise of its annotation."""
    interpreter.store.write(values, "return", function.key)
    if node is None or not applications(interpreter, function, node):
        interpreter.store.write(values, OWN, function.key)


def applied(interpreter: Expressions, function: Function, arguments: Arguments) -> Values | None:
    """What a call of such a function returns; None where the function is no such one.

    The arguments are those for all its parameters, `self` included.
    """
    found = list(_returned(interpreter, function))
    if not found:
        return None
    result = set(interpreter.store.read(OWN, function.key))
    for application in found:
        values = interpreter.calls.apply(
            _argument(interpreter, function, arguments, application.parameter), application.call
        )
        for _ in range(application.awaits):
            values = interpreter.awaited(values)
        result |= values
    return frozenset(result)


def _argument(interpreter: Expressions, function: Function, arguments: Arguments, name: str) -> Values:
    """What a call passes for a parameter, or its default; what all calls pass, where that is not plain."""
    positional, keywords = arguments
    if name in keywords:
        return keywords[name]
    by_all = interpreter.store.read("parameter", function.key, name)
    if "**" in keywords or any(isinstance(node, ast.Starred) for node, _ in positional) or function.arguments is None:
        return by_all
    by_position = [p.arg for p in (*function.arguments.posonlyargs, *function.arguments.args)]
    if name in by_position[: len(positional)]:
        return positional[by_position.index(name)][1]
    default = next(defaults(function, name), None)
    return by_all if default is None else interpreter.values.get(default, NOTHING)


def _returned(interpreter: Expressions, function: Function) -> Iterable[Application]:
    if function.is_generator or not _called_parameters(function):
        return
    for node in returned(function):
        yield from applications(interpreter, function, node)


@once
def _called_parameters(function: Function) -> frozenset[str]:
    """The parameters that a function, or one inside of it, calls or hands on by their bare names, and never sets."""
    if isinstance(function.node, ast.Module):
        return frozenset()
    nodes = [n for n in ast.walk(function.node) if isinstance(n, ast.Name)]
    called = {n.func.id for n in ast.walk(function.node) if isinstance(n, ast.Call) and isinstance(n.func, ast.Name)}
    handed = {
        a.id for n in ast.walk(function.node) if isinstance(n, ast.Call) for a in n.args if isinstance(a, ast.Name)
    }
    stored = {n.id for n in nodes if isinstance(n.ctx, ast.Store)}
    return frozenset({p.arg for p in function.parameters()} & (called | handed) - stored)


def applications(interpreter: Expressions, function: Function, node: ast.expr) -> list[Application]:
    """What is called to give an expression, where that is all that it can be."""
    return _of(interpreter, function, function, node, 0) if _called_parameters(function) else []


def _of(interpreter: Expressions, function: Function, scope: Function, node: ast.expr, depth: int) -> list[Application]:
    """The same within `scope`: the function, or one inside of it."""
    if depth > 4:
        return []
    match node:
        case ast.Await(value=ast.Call() as call) if handed := _in_thread(interpreter, call):
            return _called(interpreter, function, scope, handed, call, depth)
        case ast.Await(value=value):
            found = _of(interpreter, function, scope, value, depth + 1)
            return [replace(a, awaits=a.awaits + 1) for a in found]
        case ast.Call(func=called):
            return _called(interpreter, function, scope, called, node, depth)
        case ast.Name(id=name, ctx=ast.Load()):
            return _all(_of(interpreter, function, scope, v, depth + 1) for v in _bound(scope, name))
    return []


def _called(
    interpreter: Expressions, function: Function, scope: Function, called: ast.expr, call: ast.Call, depth: int
) -> list[Application]:
    if not isinstance(called, ast.Name) or called.id in {p.arg for p in scope.parameters() if scope is not function}:
        return []
    if called.id in _called_parameters(function):
        return [Application(called.id, call)]
    inner = [interpreter.functions[v.key] for v in interpreter.values.get(called, ()) if isinstance(v, FunctionObject)]
    if len(inner) == 1 and inner[0].parent is function and not (inner[0].is_generator or inner[0].decorators):
        is_awaited = inner[0].is_async
        found = _all(_of(interpreter, function, inner[0], node, depth + 1) for node in returned(inner[0]))
        return [replace(a, awaits=a.awaits - is_awaited) for a in found]
    return []


def _all(found: Iterable[list[Application]]) -> list[Application]:
    """All of them together, if each is some."""
    parts = list(found)
    return [a for part in parts for a in part] if all(parts) else []


def _bound(function: Function, name: str) -> list[ast.expr]:
    """What plain assignments bind a name to, if nothing else binds it."""
    stores = [n for n in function.own_nodes() if isinstance(n, ast.Name) and n.id == name and is_store(n)]
    values = assigned(function, name)
    return values if len(values) == len(stores) else []


def _in_thread(interpreter: Expressions, call: ast.Call) -> ast.expr | None:
    """What a call has called in a thread, whose result it waits for."""
    for value in interpreter.values.get(call.func, ()):
        if isinstance(value, External):
            known = library().method(*split(value.name)) if value.receiver else library().functions.get(value.name)
            if known and known.calls == IN_THREAD and len(call.args) > known.position:
                return call.args[known.position]
    return None
