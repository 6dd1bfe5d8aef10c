"""What calls of Python's own functions give: `next()`, `getattr()`, `asyncio.gather()` and their like."""

from __future__ import annotations

import ast
from dataclasses import replace
from typing import TYPE_CHECKING

from .values import NOTHING, Awaitable, ClassObject, Context, FunctionObject, Instance, Many, Row, Text, Value, Values

if TYPE_CHECKING:
    from .arguments import Arguments
    from .interpreter import Interpreter
    from .members import Env


def _next(interpreter: Interpreter, arguments: Arguments, _: Env) -> Values:
    return interpreter.iterate(arguments[0][0][1]) if arguments[0] else NOTHING


def _getattr(interpreter: Interpreter, arguments: Arguments, _: Env) -> Values:
    positional = arguments[0]
    function = interpreter.current
    if function.name == "__getattr__" and function.owner and len(positional) > 1:
        names = [p.arg for p in function.parameters()]
        if isinstance(positional[1][0], ast.Name) and positional[1][0].id == names[-1]:
            # An object that hands on all that it has not itself.
            interpreter.store.write(positional[0][1], "behind", function.owner.key)
    found: set[Value] = set(positional[2][1]) if len(positional) > 2 else set()
    if len(positional) > 1:
        for name in positional[1][1]:
            if isinstance(name, Text):
                found |= interpreter.attribute(positional[0][1], name.text)
    return frozenset(found)


def _run(interpreter: Interpreter, arguments: Arguments, _: Env) -> Values:
    return interpreter.awaited(arguments[0][0][1]) if arguments[0] else NOTHING


def _gather(interpreter: Interpreter, arguments: Arguments, _: Env) -> Values:
    rows = tuple(interpreter.awaited(v) for _, v in arguments[0])
    return frozenset({Awaitable(frozenset({Row(rows)}))})


def _type(interpreter: Interpreter, arguments: Arguments, _: Env) -> Values:
    given = arguments[0][0][1] if len(arguments[0]) == 1 else NOTHING
    return frozenset(ClassObject(v.cls) for v in given if isinstance(v, Instance))


def _first_context(interpreter: Interpreter, arguments: Arguments, _: Env) -> Values:
    return frozenset({Context(arguments[0][0][1])}) if arguments[0] else NOTHING


def _first(interpreter: Interpreter, arguments: Arguments, _: Env) -> Values:
    return arguments[0][0][1] if arguments[0] else NOTHING


def _class_method(interpreter: Interpreter, arguments: Arguments, _: Env) -> Values:
    """`classmethod(f)`: what is no method itself has its first argument from the class then."""
    return frozenset(
        replace(v, given=1) if isinstance(v, FunctionObject) and not interpreter.functions[v.key].binding else v
        for v in _first(interpreter, arguments, _)
    )


def _cast(interpreter: Interpreter, arguments: Arguments, env: Env) -> Values:
    positional = arguments[0]
    if len(positional) < 2:
        return NOTHING
    return positional[1][1] | interpreter.annotations.instances(positional[0][0], env)


def _enumerate(interpreter: Interpreter, arguments: Arguments, _: Env) -> Values:
    items = interpreter.iterate(arguments[0][0][1]) if arguments[0] else NOTHING
    return frozenset({Many(frozenset({Row((NOTHING, items))}))})


def _zip(interpreter: Interpreter, arguments: Arguments, _: Env) -> Values:
    row = Row(tuple(interpreter.iterate(v) for _, v in arguments[0]))
    return frozenset({Many(frozenset({row}))})


BUILTIN = {
    "next": _next,
    "anext": _next,
    "getattr": _getattr,
    "asyncio.run": _run,
    "asyncio.run_coroutine_threadsafe": _first,
    "awaitlet.awaitlet": _run,
    "greenback.await_": _run,
    "asyncio.gather": _gather,
    "asyncio.create_task": _first,
    "asyncio.ensure_future": _first,
    "asyncio.wait_for": _first,
    "classmethod": _class_method,
    "contextlib.closing": _first_context,
    "contextlib.nullcontext": _first_context,
    "copy.copy": _first,
    "enumerate": _enumerate,
    "max": _next,
    "staticmethod": _first,
    "type": _type,
    "min": _next,
    "typing.cast": _cast,
    "zip": _zip,
}
