"""Bridges: sync code that runs coroutines to their end, found by what it does.

A bridge function takes an awaitable (or a coroutine function) and is made of nothing but the machinery that runs it:
event loops, threads, pools. A call of it becomes `await`, and it has no colour of its own. Everything else that runs a
coroutine from sync code, `asyncio.run(work())` in the middle of a function, is awaited where async code reaches that
function, and stays where sync code starts a loop of its own.
"""

from __future__ import annotations

import ast
import builtins
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, TypeAlias

from .library import Callable, library
from .source import Source
from .symbols import Function, decorator_name, dotted
from .values import NOTHING, Awaitable, ClassObject, External, FunctionObject, Instance, Value

if TYPE_CHECKING:
    from .program import Program

# Packages whose objects do nothing but join the two worlds, or that such code may use in passing.
MACHINERY = frozenset(
    {
        "anyio", "asgiref", "asyncer", "asyncio", "atexit", "awaitlet", "collections", "concurrent", "contextlib",
        "contextvars", "functools", "greenback", "inspect", "logging", "loguru", "nest_asyncio", "queue", "signal",
        "sniffio", "structlog", "sys", "threading", "time", "traceback", "types", "typing", "typing_extensions",
        "uvloop", "warnings",
    }
)  # fmt: skip
BUILTINS = frozenset(dir(builtins))
# First parts of the names of methods whose receivers are the interpreter's own values.
CONTAINERS = frozenset({"list", "dict", "awaitable"})
Argument: TypeAlias = ast.expr | ast.keyword


@dataclass(frozen=True, slots=True, eq=False)
class Bridge:
    """A function that runs what it is given.

    `parameter` takes the awaitable or, when `calls`, the coroutine function. `makes`: the function gives back one that
    runs (a decorator, an `async_to_sync`). `patience` are the parameters that say how long to wait.
    """

    function: Function
    parameter: str
    calls: bool = False
    makes: bool = False
    patience: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True, eq=False)
class Run:
    """A place where a coroutine is run to its end: `node` can become `await subject`.

    When `calls`, `subject` is a coroutine function, called with `arguments`. `timeout` says how long to wait; `lost`
    are arguments of the bridge that have no place in an `await`. `bridge` is the project's own, None for a library's.
    """

    function: Function
    node: ast.Call
    subject: ast.expr
    calls: bool = False
    arguments: tuple[Argument, ...] = ()
    timeout: ast.expr | None = None
    lost: tuple[Argument, ...] = ()
    bridge: Bridge | None = None


class Bridges:
    """The bridges of a program, and the places that go over them."""

    def __init__(self, program: Program) -> None:
        self._program = program

    @cached_property
    def functions(self) -> dict[Function, Bridge]:
        """The project's bridge functions."""
        found: dict[Function, Bridge] = {}
        for function in self._suspects():
            bridge = bridge_of(self._program, function)
            if bridge is not None:
                found[function] = bridge
        return found

    def _suspects(self) -> Iterator[Function]:
        """Functions that run something, themselves or in a nested function, with all functions around them."""
        seen: set[Function] = set()
        for function in self._program.functions:
            if any(isinstance(n, ast.expr) and runs(self._program, n) for n in function.own_nodes()):
                around: Function | None = function
                while around is not None and around not in seen:
                    seen.add(around)
                    yield around
                    around = around.parent

    @cached_property
    def inside(self) -> frozenset[Function]:
        """The bridge functions and all functions nested in them: they have no colour."""
        return frozenset(f for f in self._program.functions if any(a in self.functions for a in with_parents(f)))

    @cached_property
    def sites(self) -> dict[ast.Call, Run]:
        """All places outside the bridges where a coroutine is run to its end."""
        return {
            node: run
            for function in self._program.functions
            if function not in self._program.vanishing and not self._program.stays_sync(function)
            for node in function.own_nodes()
            if isinstance(node, ast.Call) and (run := self._run(function, node)) is not None
        }

    def _run(self, function: Function, node: ast.Call) -> Run | None:
        for value, bridge in self._bridges(node.func):
            return _over(self._program, function, node, bridge, value) if not bridge.makes else None
        if isinstance(made := node.func, ast.Call):
            for _, bridge in self._bridges(made.func):
                return _made(function, node, made, bridge) if bridge.makes else None
        return direct(self._program, function, node)

    def _bridges(self, node: ast.expr) -> Iterator[tuple[FunctionObject, Bridge]]:
        for value in self._program.values(node):
            if isinstance(value, FunctionObject) and (bridge := self.functions.get(self._program.function(value.key))):
                yield value, bridge


def with_parents(function: Function) -> Iterator[Function]:
    """A function and all functions around it."""
    current: Function | None = function
    while current is not None:
        yield current
        current = current.parent


# What libraries do


def known(value: Value) -> Callable | None:
    """What the library tables know of a function or method."""
    match value:
        case External(name=name, receiver=None):
            return library().functions.get(name)
        case External(name=name):
            cls, _, method = name.rpartition(".")
            return library().method(cls, method)
    return None


def runs(program: Program, node: ast.expr) -> str:
    """How the thing that an expression means runs coroutines: a `runs` word of the library tables, or ""."""
    return next((k.runs for v in program.values(node) if (k := known(v)) and k.runs), "")


def direct(program: Program, function: Function, node: ast.Call) -> Run | None:
    """A call of a library that runs a coroutine to its end."""
    first = node.args[0] if node.args and not isinstance(node.args[0], ast.Starred) else None
    match runs(program, node.func):
        case "awaitable" if first is not None:
            return Run(function, node, first)
        case "function" if first is not None:
            return Run(function, node, first, calls=True, arguments=tuple(node.args[1:]))
    match node.func:
        case ast.Attribute(value=ast.Call(func=inner, args=[subject, *_]), attr="result"):
            if runs(program, inner) == "future":
                patience = [*node.args, *(k.value for k in node.keywords)]
                return Run(function, node, subject, timeout=patience[0] if patience else None)
        case ast.Call(func=maker, args=[subject, *_]) if runs(program, maker) == "maker":
            return Run(function, node, subject, calls=True, arguments=(*node.args, *node.keywords))
        case ast.Attribute(attr="run_until_complete") if first is not None and not program.values(node.func):
            # Nothing is known of the loop; that the argument is a coroutine says enough.
            if any(isinstance(v, Awaitable) for v in program.values(first)):
                return Run(function, node, first)
    return None


# Calls of the project's own bridges


def _over(program: Program, function: Function, node: ast.Call, bridge: Bridge, value: FunctionObject) -> Run | None:
    names = [a.arg for a in bridge.function.parameters() if a not in _keyword_only(bridge.function)]
    if value.receiver is not None and bridge.function.binding in {"instance", "class"}:
        names = names[1:]
    if any(isinstance(a, ast.Starred) for a in node.args) and not bridge.calls:
        return None
    by_position = dict(zip(names, node.args, strict=False))
    by_name = {k.arg: k.value for k in node.keywords}
    subject = by_position.get(bridge.parameter, by_name.get(bridge.parameter))
    if subject is None or isinstance(subject, ast.Starred):
        return None
    rest: list[Argument] = [a for a in node.args if a is not subject]
    rest += [k for k in node.keywords if k.value is not subject]
    if bridge.calls and _is_function(program, subject):
        return Run(function, node, subject, calls=True, arguments=tuple(rest), bridge=bridge)
    timeout = next((given[name] for given in (by_position, by_name) for name in bridge.patience if name in given), None)
    lost = tuple(a for a in rest if timeout is None or not (a is timeout or getattr(a, "value", None) is timeout))
    return Run(function, node, subject, timeout=timeout, lost=lost, bridge=bridge)


def _keyword_only(function: Function) -> list[ast.arg]:
    return function.arguments.kwonlyargs if function.arguments else []


def _is_function(program: Program, node: ast.expr) -> bool:
    """Is an argument a coroutine function, not a coroutine?"""
    values = program.values(node)
    if any(isinstance(v, FunctionObject) for v in values) or isinstance(node, ast.Lambda):
        return True
    return not isinstance(node, ast.Call) and not any(isinstance(v, Awaitable) for v in values)


def _made(function: Function, node: ast.Call, made: ast.Call, bridge: Bridge) -> Run | None:
    if len(made.args) != 1 or made.keywords:
        return None
    return Run(function, node, made.args[0], calls=True, arguments=(*node.args, *node.keywords), bridge=bridge)


# What makes a function a bridge


def bridge_of(program: Program, function: Function) -> Bridge | None:
    """The bridge that a function is, if it is one."""
    node = function.node
    if not isinstance(node, ast.FunctionDef) or function.is_generator or not _is_plainly_decorated(function):
        return None
    body = list(body_nodes(node.body))
    inner = {n.name for n in body if isinstance(n, ast.FunctionDef | ast.AsyncFunctionDef)}
    returned = {r.value.id for r in function.own_nodes() if isinstance(r, ast.Return) and isinstance(r.value, ast.Name)}
    for parameter in function.parameters()[1 if function.binding in {"instance", "class"} else 0 :]:
        tainted = _tainted(body, parameter.arg)
        if not any(_runs_it(program, n, tainted) for n in body):
            continue
        calls = [n for n in body if isinstance(n, ast.Call) and dotted(n.func) == parameter.arg]
        if all(map(_passes_everything_on, calls)) and serves_only(program, function):
            patience = frozenset(name for n in body if isinstance(n, ast.Call) for name in _waits_for(n))
            return Bridge(function, parameter.arg, bool(calls), bool(returned & inner), patience - {parameter.arg})
    return None


def _waits_for(call: ast.Call) -> set[str]:
    """The names that say how long a call waits: `future.result(t)`, `thread.join(timeout=t)`, `wait_for(task, t)`."""
    name = dotted(call.func).rpartition(".")[2] or getattr(call.func, "attr", "")
    given = [k.value for k in call.keywords if k.arg == "timeout"]
    if name in {"result", "join"}:
        given += call.args
    elif name == "wait_for":
        given += call.args[1:]
    return {n.id for n in given if isinstance(n, ast.Name)}


def _is_plainly_decorated(function: Function) -> bool:
    return {decorator_name(d) for d in function.decorators} <= {"staticmethod", "classmethod"}


def body_nodes(statements: Iterable[ast.AST]) -> Iterator[ast.AST]:
    """All nodes of some statements but their annotations, nested functions included."""
    pending = list(reversed(list(statements)))
    while pending:
        node = pending.pop()
        yield node
        match node:
            case ast.arg():
                continue
            case ast.AnnAssign():
                pending.extend(n for n in (node.value, node.target) if n)
            case ast.FunctionDef() | ast.AsyncFunctionDef():
                pending.extend(reversed([node.args, *node.body]))
            case ast.Call(func=func, args=[_, given]) if dotted(func).rpartition(".")[2] == "cast":
                pending.extend((given, func))
            case _:
                pending.extend(reversed(list(ast.iter_child_nodes(node))))


def _names(node: ast.AST) -> set[str]:
    return {n.id for n in body_nodes([node]) if isinstance(n, ast.Name)}


def _tainted(body: list[ast.AST], parameter: str) -> set[str]:
    """The names in a function whose values come from a parameter: locals, nested functions and their parameters."""
    found = {parameter}
    size = 0
    while size < len(found):
        size = len(found)
        for node in body:
            match node:
                case ast.Assign(targets=targets, value=value) if _names(value) & found:
                    found.update(n for t in targets for n in _names(t))
                case ast.AnnAssign(target=target, value=value) if value and _names(value) & found:
                    found |= _names(target)
                case ast.withitem(context_expr=value, optional_vars=target) if target and _names(value) & found:
                    found |= _names(target)
                case ast.FunctionDef(name=name) | ast.AsyncFunctionDef(name=name):
                    if any(_names(s) & found for s in node.body):
                        found.add(name)
                    elif any(_hands(n, name, found) for n in body):
                        found.update(a.arg for a in node.args.args)
    return found


def _hands(node: ast.AST, name: str, tainted: set[str]) -> bool:
    """Is a nested function called with, or handed on together with, something tainted?"""
    return isinstance(node, ast.Call) and name in _names(node) and bool(_names(node) & tainted)


def _runs_it(program: Program, node: ast.AST, tainted: set[str]) -> bool:
    """Does a node run something tainted: by a call, or by handing it on together with what runs it?"""
    if not isinstance(node, ast.Call) or not _names(node) & tainted:
        return False
    given = [*node.args, *(k.value for k in node.keywords)]
    return any(runs(program, n) for n in (node.func, *given))


def _passes_everything_on(call: ast.Call) -> bool:
    """`f()` or `f(*args, **kwargs)`."""
    return all(isinstance(a, ast.Starred) for a in call.args) and all(k.arg is None for k in call.keywords)


def serves_only(program: Program, function: Function, seen: frozenset[Function] = frozenset()) -> bool:
    """Is a function made of machinery alone, besides what it is given?"""
    node = function.node
    assert isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
    body = list(body_nodes(node.body))
    bound = {a.arg for n in ast.walk(node) if isinstance(n, ast.arguments) for a in _all_arguments(n)}
    bound |= {n.id for n in body if isinstance(n, ast.Name) and not isinstance(n.ctx, ast.Load)}
    bound |= {n.name or "" for n in body if isinstance(n, ast.FunctionDef | ast.AsyncFunctionDef | ast.ExceptHandler)}
    bound -= {name for n in body if isinstance(n, ast.Global) for name in n.names}
    own = {p.arg for p in function.parameters()[:1]} if function.binding in {"instance", "class"} else set()
    seen |= {function}
    return all(
        _is_machinery(program, function.source, n, bound - own, own, seen)
        for n in body
        if isinstance(n, ast.Name | ast.Attribute | ast.Yield | ast.YieldFrom)
    )


def serves_bridges(program: Program, source: Source, statement: ast.stmt) -> bool:
    """Is a definition made of machinery alone: such a function, or a global that such a call gave or None?"""
    match statement:
        case ast.FunctionDef():
            return serves_only(program, program.interpreter.by_node[statement])
        case ast.Assign(targets=[ast.Name(id=name)]) | ast.AnnAssign(target=ast.Name(id=name)):
            return _is_made_of_machinery(program, source, name)
    return False


def _all_arguments(arguments: ast.arguments) -> list[ast.arg]:
    rest = [a for a in (arguments.vararg, arguments.kwarg) if a]
    return [*arguments.posonlyargs, *arguments.args, *arguments.kwonlyargs, *rest]


def _is_machinery(
    program: Program, source: Source, node: ast.AST, bound: set[str], own: set[str], seen: frozenset[Function]
) -> bool:
    match node:
        case ast.Name(id=name) if name in bound or name in own:
            return name in bound or isinstance(source.parents.get(node), ast.Attribute)
        case ast.Name(id=name, ctx=ast.Load()):
            values = program.values(node)
            if values:
                return all(_is_machine(program, v, seen) for v in values)
            return name in BUILTINS or _is_made_of_machinery(program, source, name)
        case ast.Name(id=name):
            return _is_made_of_machinery(program, source, name)
        case ast.Attribute(value=ast.Name(id=name)) if name in own:
            values = program.values(node)
            return bool(values) and all(_is_machine(program, v, seen) for v in values)
        case ast.Attribute():
            return True
    return False


def _is_machine(program: Program, value: Value, seen: frozenset[Function]) -> bool:
    match value:
        case External(name=name) | Instance(cls=name) | ClassObject(cls=name):
            return name.partition(".")[0] in MACHINERY | CONTAINERS or name in BUILTINS
        case FunctionObject(key=key):
            function = program.function(key)
            return function in seen or (not function.is_lambda and serves_only(program, function, seen))
    return False


def _is_made_of_machinery(program: Program, source: Source, name: str) -> bool:
    """Is a global only ever bound to None, or to what a call of machinery gives?"""
    values = [s.value for s in ast.walk(source.tree) if isinstance(s, ast.Assign | ast.AnnAssign) and _binds(s, name)]
    return bool(values) and all(v is None or isinstance(v, ast.Constant) or _is_made(program, v) for v in values)


def _is_made(program: Program, node: ast.expr) -> bool:
    """Is this a call of machinery?"""
    makers = program.values(node.func) if isinstance(node, ast.Call) else NOTHING
    return bool(makers) and all(_is_machine(program, m, frozenset()) for m in makers)


def _binds(statement: ast.Assign | ast.AnnAssign, name: str) -> bool:
    targets = statement.targets if isinstance(statement, ast.Assign) else [statement.target]
    return any(isinstance(t, ast.Name) and t.id == name for t in targets)
