"""Coroutines: calls that only make one, and what becomes of it.

What a call gives is known by its values. Where the receiver is unknown its name is evidence: if every function of that
name in the project is async and the arguments fit, so is the one that is called.
"""

from __future__ import annotations

import ast
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from .calling import runs_on_loop
from .decisions import Confidence
from .library import library
from .once import once
from .session_use import makes_sync_sessions
from .symbols import Function, decorator_name
from .unknown_receivers import TOO_COMMON, fits
from .usage import Fate, fate_of
from .values import Awaitable, External, FunctionObject, Instance, Mock, Value

if TYPE_CHECKING:
    from .program import Program

DATABASE = ("sqlalchemy.", "sqlmodel.")
# Decorators under which a function is no longer what it is written as.
CHANGING = frozenset({"fixture", "overload", "task", "shared_task", "command", "actor"})


@dataclass(frozen=True, eq=False, slots=True)
class Coroutine:
    """A call in `function`, or a property that is read, that makes a coroutine which is not awaited.

    `kind`: "database" (of an async session, connection, engine or transaction), "project" (`callee` is the function) or
    "library". `what` is the name of what is called, `fate` what becomes of the coroutine.
    """

    function: Function
    node: ast.expr
    kind: str
    what: str
    fate: Fate
    callee: Function | None = None
    confidence: Confidence = Confidence.HIGH

    @property
    def text(self) -> str:
        """The code that makes it, without what it is given."""
        source = self.function.source
        return f"{source.text(self.node.func)}()" if isinstance(self.node, ast.Call) else source.text(self.node)


@once
def neglected(program: Program) -> list[Coroutine]:
    """The coroutines that nobody awaits."""
    return [found for function in program.functions for found in _in(program, function)]


def _in(program: Program, function: Function) -> Iterator[Coroutine]:
    for node in function.own_nodes():
        if isinstance(function.source.parents.get(node), ast.Await):
            continue
        made = None
        if isinstance(node, ast.Call):
            made = _made(program, function, node)
        elif isinstance(node, ast.Attribute) and node.attr in _async_properties(program):
            made = _read(program, node)
        if made is not None and isinstance(node, ast.expr):
            kind, what, callee, confidence = made
            fate = fate_of(program, function, node)
            if fate in {Fate.DROPPED, Fate.VALUE}:
                yield Coroutine(function, node, kind, what, fate, callee, confidence)


@once
def _async_properties(program: Program) -> frozenset[str]:
    return frozenset(f.name for f in program.functions if f.is_async and f.is_property)


Made = tuple[str, str, Function | None, Confidence]


def _made(program: Program, function: Function, node: ast.Call) -> Made | None:
    """The coroutine that a call makes, whatever it reaches; None: none, or not always."""
    values = [v for v in program.values(node.func) if not isinstance(v, Mock)]
    if not values:
        return _by_name(program, node)
    found = [_of_value(program, value) for value in values]
    known = next((made for made in found if made), None)
    if known is None or (None in found and not _hides_a_session(program, function, values)):
        return None
    return known


def _read(program: Program, node: ast.Attribute) -> Made | None:
    """The coroutine that an async property gives."""
    for value in program.values(node.value):
        methods = program.methods(value.cls, node.attr) if isinstance(value, Instance) else []
        if methods and all(m.is_async and m.is_property for m in methods):
            return "project", methods[0].qualname, methods[0], Confidence.HIGH
    return None


def _hides_a_session(program: Program, function: Function, values: Sequence[Value]) -> bool:
    """Is it a method of a session that is sync by its annotation alone, or is called in async code?"""
    receivers = frozenset(v.receiver for v in values if isinstance(v, External) and v.receiver is not None)
    if len(values) > len(receivers) or not program.is_session(receivers):
        return False
    return runs_on_loop(program, function) or not makes_sync_sessions(program)


def _of_value(program: Program, value: Value) -> Made | None:
    match value:
        case FunctionObject():
            function = _awaited_function(program, value)
            return ("project", function.qualname, function, Confidence.HIGH) if function else None
        case Instance(cls=cls):
            methods = program.methods(cls, "__call__")
            if methods and all(m.is_async and not m.is_generator for m in methods):
                return "project", methods[0].qualname, methods[0], Confidence.HIGH
        case External(name=name, receiver=None):
            known = library().functions.get(name)
            if known and known.returns.startswith("await["):
                return "library", name, None, Confidence.HIGH
        case External(name=name, receiver=Instance()):
            cls, _, method = name.rpartition(".")
            known = library().method(cls, method)
            if known and (known.returns.startswith("await[") or known.calls == "greenlet"):
                kind = "database" if cls.startswith(DATABASE) else "library"
                return kind, f"{cls.rpartition('.')[2]}.{method}", None, Confidence.HIGH
    return None


def _awaited_function(program: Program, value: FunctionObject) -> Function | None:
    """The coroutine function behind a value, if all that a call can reach are such, decorators and all."""
    function = program.function(value.key)
    targets = [function]
    if isinstance(value.receiver, Instance):
        targets.extend(program.alternatives(value.receiver.cls, function.name))
    if not all(gives_coroutine(program, f) for f in targets if not f.is_stub or f is function):
        return None
    if any(not _passes_on(program, program.function(key)) for key in value.wrappers):
        return None
    return function


def gives_coroutine(program: Program, function: Function) -> bool:
    """Does a call of the function give something to await?"""
    if function.is_generator or any(_changes(d) for d in function.decorators):
        return False
    return runs_on_loop(program, function) or _returns_awaitable(program, function)


def _changes(decorator: ast.expr) -> bool:
    return decorator_name(decorator) in CHANGING or "sync" in decorator_name(decorator).lower().split("_")


def _passes_on(program: Program, wrapper: Function) -> bool:
    """Is what a decorator's wrapper gives awaitable still?"""
    return wrapper.is_async or _returns_awaitable(program, wrapper)


def _returns_awaitable(program: Program, function: Function) -> bool:
    """Does a sync function return a coroutine, and nothing else?"""
    returned = program.interpreter.store.peek("return", function.key)
    known = [v for v in returned if not isinstance(v, Mock)]
    return bool(known) and all(isinstance(v, Awaitable) for v in known)


def _by_name(program: Program, node: ast.Call) -> Made | None:
    """What the name of a method on an unknown receiver tells."""
    if not isinstance(node.func, ast.Attribute) or program.values(node.func.value):
        return None
    methods = async_names(program).get(node.func.attr)
    if not methods or not any(fits(m, node) for m in methods):
        return None
    return "project", methods[0].qualname, methods[0], Confidence.MEDIUM


@once
def async_names(program: Program) -> dict[str, list[Function]]:
    """The names that only async functions of the project have, methods among them, with these."""
    by_name: defaultdict[str, list[Function]] = defaultdict(list)
    for function in program.functions:
        if not (function.is_lambda or function.is_module):
            by_name[function.name].append(function)
    return {
        name: functions
        for name, functions in by_name.items()
        if name not in TOO_COMMON
        and not name.startswith("__")
        and all(gives_coroutine(program, f) for f in functions)
        and any(f.owner for f in functions)
    }
