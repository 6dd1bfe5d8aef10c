"""Which functions of the project a function runs, and which of them run on the event loop."""

from __future__ import annotations

import ast
from collections import defaultdict
from collections.abc import Collection, Iterator
from typing import TYPE_CHECKING

from .once import once
from .stand_ins import is_test_code
from .symbols import Function
from .values import ClassObject, Context, External, FunctionObject, Generated, Instance

if TYPE_CHECKING:
    from .program import Program


MAKING_TASKS = frozenset({"create_task", "start_soon", "ensure_future"})
GATHERING = frozenset({"asyncio.gather", "asyncio.wait", "asyncio.as_completed", "asyncio.create_task"})
RUNNING = frozenset({"asyncio.run", "anyio.run", "uvloop.run"})
_WAITING = (ast.Await, ast.AsyncFor, ast.AsyncWith)


@once
def _waiting(program: Program) -> frozenset[Function]:
    return frozenset(f for f in program.functions if any(isinstance(n, _WAITING) for n in f.own_nodes()))


def runs_on_loop(program: Program, function: Function) -> bool:
    """Is the function async: as it is written, or as it is meant, since it awaits?"""
    return function.is_async or (function in _waiting(program) and not function.is_module)


def callees(program: Program, node: ast.Call) -> Iterator[Function]:
    """The functions that run when a call is evaluated; the call of a generator function runs nothing yet."""
    for value in program.values(node.func):
        for function in _behind(program, value):
            if not function.is_generator:
                yield function


def _behind(program: Program, value: object) -> Iterator[Function]:
    match value:
        case FunctionObject(key=key, receiver=receiver, wrappers=wrappers):
            function = program.function(key)
            found = [function, *map(program.function, wrappers)]
            if isinstance(receiver, Instance):
                found.extend(program.alternatives(receiver.cls, function.name))
            yield from dict.fromkeys(found)
        case Instance(cls=cls):
            yield from program.methods(cls, "__call__")
        case ClassObject(cls=cls):
            constructor = program.interpreter.objects.method(cls, "__init__")
            if constructor is not None:
                yield constructor


def reached(program: Program, node: ast.AST) -> Iterator[tuple[ast.expr, Function]]:
    """The functions that run when a node is evaluated: called, entered, run through, or read as properties.

    With each the expression that stands for it.
    """
    match node:
        case ast.Call():
            yield from ((node, callee) for callee in callees(program, node))
        case ast.withitem(context_expr=manager):
            for value in program.values(manager):
                if isinstance(value, Context) and value.key:
                    yield manager, program.function(value.key)
                elif isinstance(value, Instance):
                    for name in ("__enter__", "__aenter__"):
                        yield from ((manager, method) for method in program.methods(value.cls, name))
        case ast.For(iter=iterable) | ast.AsyncFor(iter=iterable) | ast.comprehension(iter=iterable):
            for value in program.values(iterable):
                if isinstance(value, Generated):
                    yield iterable, program.function(value.key)
        case ast.Attribute(ctx=ast.Load(), value=owner, attr=name):
            for value in program.values(owner):
                if isinstance(value, Instance):
                    yield from ((node, m) for m in program.methods(value.cls, name) if m.is_property)


@once
def edges(program: Program) -> dict[Function, list[tuple[ast.expr, Function]]]:
    """What each function of the project runs, and the expression where it does."""
    found: dict[Function, list[tuple[ast.expr, Function]]] = {}
    for function in program.functions:
        # A wrapper that a decorator puts around many functions calls one of them: the one that its caller names.
        outer = _outer_parameters(function)
        own = dict.fromkeys(
            edge
            for node in function.own_nodes()
            if not (isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in outer)
            for edge in reached(program, node)
        )
        if own:
            found[function] = list(own)
    return found


def _outer_parameters(function: Function) -> frozenset[str]:
    """The parameters of the functions around a function: what a decorator was given is one."""
    found: set[str] = set()
    scope = function.parent
    while scope is not None:
        found.update(p.arg for p in scope.parameters())
        scope = scope.parent
    return frozenset(found - {p.arg for p in function.parameters()})


@once
def run_alone(program: Program) -> frozenset[Function]:
    """Async functions with a loop for themselves: what a script gives to `asyncio.run()`, what an application runs
    before it serves, and what only those call.

    There is nobody whom a blocking call could keep waiting.
    """
    return _alone(program, {f for f in program.functions if runs_on_loop(program, f)}, frozenset())


@once
def will_run_alone(program: Program) -> frozenset[Function]:
    """The same after the migration, when sync code that starts the program runs its functions on a loop."""
    colours = program.colours
    starters = colours.entries | {f for f in program.functions if f.is_module}
    return _alone(program, {f for f in program.functions if colours.is_async(f)}, starters)


def _alone(program: Program, on_loop: Collection[Function], starters: Collection[Function]) -> frozenset[Function]:
    """Of the functions on a loop those that have it for themselves; `starters` run each of theirs on one of its own."""
    starting = frozenset(_starting(program))
    callers: defaultdict[Function, list[tuple[ast.expr, Function]]] = defaultdict(list)
    for function, calls in edges(program).items():
        # A test waits for what it calls.
        for place, callee in () if is_test_code(function) else calls:
            callers[callee].append((place, function))
    found = {f for f in callers if f in on_loop and not program.handed(f) and not _makes_tasks(program, f)}
    found |= starting
    while outside := {
        f
        for f in found - starting
        if not all(c in found or c in starters or _is_run(program, c, p) for p, c in callers[f])
    }:
        found -= outside
    return frozenset(found)


def _starting(program: Program) -> Iterator[Function]:
    """The lifespan of an application, and its handlers of "startup"."""
    for function in program.functions:
        if any(_is_of_startup(program, function, node) for _, node in program.handed(function)):
            yield function


def _is_of_startup(program: Program, function: Function, node: ast.AST) -> bool:
    match node:
        case ast.Call(
            func=ast.Attribute(attr="on_event" | "add_event_handler"), args=[ast.Constant(value="startup"), *_]
        ):
            return True
        case ast.Call(keywords=keywords):
            given = [v for k in keywords if k.arg in {"lifespan", "on_startup"} for v in program.values(k.value)]
            return any(isinstance(v, FunctionObject) and v.key == function.key for v in given)
    return False


def _makes_tasks(program: Program, function: Function) -> bool:
    return any(
        isinstance(n, ast.Call)
        and ((isinstance(n.func, ast.Attribute) and n.func.attr in MAKING_TASKS) or _names(program, n) & GATHERING)
        for n in function.own_nodes()
    )


def _is_run(program: Program, caller: Function, place: ast.expr) -> bool:
    """Is what the call gives run on a new loop right there?"""
    parent = caller.source.parents.get(place)
    return isinstance(parent, ast.Call) and bool(_names(program, parent) & RUNNING)


def _names(program: Program, node: ast.Call) -> set[str]:
    return {v.name for v in program.values(node.func) if isinstance(v, External)}


def tests_aside(program: Program) -> list[Function]:
    """The functions of the project without its suite."""
    return [f for f in program.functions if not is_test_code(f)]
