"""What becomes of a value: is it awaited, handed on, dropped, or taken for what only its awaiting would give?"""

from __future__ import annotations

import ast
from collections.abc import Iterable, Iterator
from enum import StrEnum
from typing import TYPE_CHECKING

from .boundaries import boundary_of
from .order import dominates
from .responses import ROUTES
from .source import Source
from .symbols import SCOPES, Function
from .values import ClassObject, External, FunctionObject, Instance

if TYPE_CHECKING:
    from .program import Program


class Fate(StrEnum):
    """What becomes of a coroutine."""

    AWAITED = "awaited"  # or run, or made a task of
    VALUE = "value"  # used as if it were the result
    DROPPED = "dropped"  # nobody looks at it
    UNKNOWN = "unknown"  # handed to what is not seen


# Functions of Python that look at a value.
LOOKING = frozenset({
    "len", "str", "int", "float", "bool", "list", "dict", "set", "tuple", "frozenset", "sorted", "sum", "any", "all",
    "min", "max", "enumerate", "zip", "iter", "next", "repr", "range", "abs", "round", "reversed", "print", "bytes",
    "json.dumps", "json.loads", "fastapi.encoders.jsonable_encoder",
})  # fmt: skip
# Classes that make a text of what they are given.
RESPONSES = frozenset({"JSONResponse", "ORJSONResponse", "UJSONResponse", "HTMLResponse", "PlainTextResponse"})
# What a coroutine or task may be asked for.
OF_AWAITABLES = frozenset({
    "send", "close", "throw", "cancel", "add_done_callback", "done", "result", "exception", "cancelled", "set_name",
})  # fmt: skip
AWAITABLE_HINTS = frozenset({"Awaitable", "Coroutine", "Task", "Future", "Any", "object"})
DEEPEST = 6


def fate_of(program: Program, function: Function, node: ast.expr) -> Fate:
    """What becomes of the awaitable that an expression gives."""
    return _Follower(program).of(function, node)


class _Follower:
    """Follows a value through names, containers and parameters; each name once."""

    def __init__(self, program: Program) -> None:
        self._program = program
        self._seen: set[tuple[Function, str]] = set()

    def of(self, function: Function, node: ast.expr) -> Fate:
        parents = function.source.parents
        parent = parents.get(node)
        match parent:
            case ast.Await() | ast.YieldFrom():
                return Fate.AWAITED
            case ast.Expr():
                return Fate.DROPPED
            case ast.Assign(targets=targets):
                return self._assigned(function, targets)
            case ast.AnnAssign(target=target):
                return self._assigned(function, [target])
            case ast.NamedExpr(target=target):
                return _worst([self.of(function, parent), self._assigned(function, [target])])
            case ast.Return() | ast.Lambda():
                return self._returned(function)
            case ast.Call(args=args) if node in args:
                return self._passed(function, parent, node)
            case ast.Call() if parent.func is node:
                return Fate.VALUE
            case ast.keyword():
                call = parents[parent]
                if parent.arg is None:
                    return Fate.VALUE
                return self._passed(function, call, parent) if isinstance(call, ast.Call) else Fate.UNKNOWN
            case ast.Attribute(attr=name):
                return Fate.UNKNOWN if name in OF_AWAITABLES else Fate.VALUE
            case ast.BoolOp(values=parts):
                return self.of(function, parent) if node is parts[-1] else Fate.VALUE
            case ast.IfExp(test=test):
                return Fate.VALUE if node is test else self.of(function, parent)
            case ast.Compare() if isinstance(node, ast.Name) and _asks_for_none(parent):
                return Fate.UNKNOWN
            case ast.List() | ast.Tuple() | ast.Set() | ast.ListComp() | ast.SetComp() | ast.GeneratorExp():
                return self._collected(function, parent)
            case ast.Dict():
                return Fate.VALUE if isinstance(parents.get(parent), ast.Return) and function.is_async else Fate.UNKNOWN
            case ast.Starred():
                return Fate.VALUE
        return Fate.VALUE if _takes_values(parent, node) else Fate.UNKNOWN

    def _returned(self, function: Function) -> Fate:
        """An async function that returns a coroutine makes its callers await twice."""
        node = function.node
        if isinstance(node, ast.FunctionDef) and _is_route(self._program, function):
            return Fate.VALUE
        if isinstance(node, ast.FunctionDef | ast.Lambda) and _is_callback(self._program, function):
            return Fate.VALUE
        if not isinstance(node, ast.AsyncFunctionDef) or _promises_awaitable(node.returns):
            return Fate.UNKNOWN
        return Fate.VALUE

    # Names

    def _assigned(self, function: Function, targets: list[ast.expr]) -> Fate:
        fates = [self._named(function, t.id, t) if isinstance(t, ast.Name) else _stored(t) for t in targets]
        return _worst(fates)

    def _named(self, function: Function, name: str, binding: ast.Name | None = None) -> Fate:
        """What becomes of a variable's value: of all of its uses together."""
        if function.is_module or name in function.globals or (function, name) in self._seen:
            return Fate.UNKNOWN
        self._seen.add((function, name))
        rebound = _bound_behind(function, name, binding)
        fates = [
            self.of(user, node)
            for user, node in self._uses(function, name)
            if not any(_holds_for(function.source, other, node) for other in rebound)
        ]
        if Fate.AWAITED in fates:
            return Fate.AWAITED
        return _worst(fates) if fates else Fate.DROPPED

    def _uses(self, function: Function, name: str) -> Iterator[tuple[Function, ast.Name]]:
        for user in (function, *self._nested(function)):
            for node in user.own_nodes():
                if isinstance(node, ast.Name) and node.id == name and isinstance(node.ctx, ast.Load):
                    yield user, node

    def _nested(self, function: Function) -> Iterator[Function]:
        nodes = [n for n in function.own_nodes() if isinstance(n, SCOPES) and not isinstance(n, ast.ClassDef)]
        for node in nodes:
            inner = self._program.interpreter.by_node.get(node)
            if inner is not None:
                yield inner
                yield from self._nested(inner)

    # Containers

    def _collected(self, function: Function, container: ast.expr) -> Fate:
        """What becomes of the items of a list, tuple, set or comprehension."""
        parent = function.source.parents.get(container)
        match parent:
            case ast.Assign(targets=[ast.Name(id=name)]) | ast.AnnAssign(target=ast.Name(id=name)):
                return self._items(function, name)
            case ast.Expr():
                return Fate.DROPPED
            case ast.For(iter=iterable, target=target) | ast.comprehension(iter=iterable, target=target):
                return self._assigned(function, [target]) if iterable is container else Fate.UNKNOWN
        return Fate.UNKNOWN

    def _items(self, function: Function, name: str) -> Fate:
        """What becomes of the items of a container with a name."""
        if (function, name) in self._seen:
            return Fate.UNKNOWN
        self._seen.add((function, name))
        fates = [self._item(user, node) for user, node in self._uses(function, name)]
        fates = [fate for fate in fates if fate is not Fate.DROPPED]
        if not fates:
            return Fate.DROPPED
        return Fate.UNKNOWN if {Fate.AWAITED, Fate.UNKNOWN} & set(fates) else Fate.VALUE

    def _item(self, function: Function, container: ast.Name) -> Fate:
        """What one use of a container does to its items; "dropped" when it does not look at them."""
        parents = function.source.parents
        parent = parents.get(container)
        match parent:
            case ast.Attribute(attr="append" | "add" | "extend"):
                return Fate.DROPPED
            case ast.For(iter=iterable, target=target) | ast.comprehension(iter=iterable, target=target):
                return self._assigned(function, [target]) if iterable is container else Fate.UNKNOWN
            case ast.Call(func=ast.Name(id="len")):
                return Fate.DROPPED
            case ast.If() | ast.While() | ast.UnaryOp():
                return Fate.DROPPED
            case ast.Subscript():
                return self.of(function, parent)
        return Fate.UNKNOWN

    # Arguments

    def _passed(self, function: Function, call: ast.Call, argument: ast.expr | ast.keyword) -> Fate:
        """What a call does with an argument."""
        match call.func:
            case ast.Attribute(value=ast.Name(id=name), attr="append" | "add") if self._is_list(call.func):
                return self._items(function, name)
        values = self._program.values(call.func)
        fates = [self._passed_to(value, call, argument) for value in values]
        if not fates or Fate.UNKNOWN in fates or Fate.AWAITED in fates:
            return Fate.UNKNOWN
        return _worst(fates)

    def _is_list(self, node: ast.Attribute) -> bool:
        return any(isinstance(v, External) and v.name.startswith("list.") for v in self._program.values(node))

    def _passed_to(self, value: object, call: ast.Call, argument: ast.expr | ast.keyword) -> Fate:
        program = self._program
        match value:
            case External(name=name, receiver=None) | ClassObject(cls=name) if name.rpartition(".")[2] in RESPONSES:
                return Fate.VALUE
            case External(name=name, receiver=None):
                return Fate.VALUE if name in LOOKING else Fate.UNKNOWN
            case External(name=name, receiver=Instance() as receiver) if program.is_session(frozenset({receiver})):
                return Fate.UNKNOWN if name.endswith("run_sync") else Fate.VALUE
            case FunctionObject(key=key, receiver=receiver):
                return self._parameter(program.function(key), call, argument, bound=receiver is not None)
            case ClassObject(cls=cls) if cls in program.interpreter.objects.classes:
                constructor = program.interpreter.objects.method(cls, "__init__")
                if constructor is not None:
                    return self._parameter(constructor, call, argument, bound=True)
                return self._field(cls, argument)
        return Fate.UNKNOWN

    def _parameter(self, callee: Function, call: ast.Call, argument: ast.expr | ast.keyword, *, bound: bool) -> Fate:
        spec = callee.arguments
        if spec is None or callee.is_stub:
            return Fate.UNKNOWN
        names = [a.arg for a in (*spec.posonlyargs, *spec.args)]
        names = names[1:] if bound and callee.binding in {"instance", "class"} else names
        if isinstance(argument, ast.keyword):
            name = argument.arg or ""
        else:
            position = call.args.index(argument)
            name = names[position] if position < len(names) else ""
        if name not in {p.arg for p in callee.parameters()} or len(self._seen) > DEEPEST:
            return Fate.UNKNOWN
        fate = self._named(callee, name)
        return Fate.UNKNOWN if fate is Fate.DROPPED else fate

    def _field(self, cls: str, argument: ast.expr | ast.keyword) -> Fate:
        """A field that a generated constructor fills: is it for a value?"""
        if not isinstance(argument, ast.keyword) or not argument.arg:
            return Fate.UNKNOWN
        objects = self._program.interpreter.objects
        for base in objects.ancestry(cls):
            for statement in objects.classes[base].node.body if base in objects.classes else ():
                match statement:
                    case ast.AnnAssign(target=ast.Name(id=name), annotation=hint) if name == argument.arg:
                        return Fate.UNKNOWN if _promises_awaitable(hint) else Fate.VALUE
        return Fate.UNKNOWN


def _is_route(program: Program, function: Function) -> bool:
    """Does a framework answer with what a sync function returns? It calls that in a thread, and awaits nothing."""
    return any(
        policy == "awaits"
        and isinstance(node, ast.Call)
        and isinstance(node.func, ast.Attribute)
        and node.func.attr in ROUTES
        for policy, node in program.handed(function)
    )


def _is_callback(program: Program, function: Function) -> bool:
    """Does a library call it and use what it gives at once, such as the key of a sort?"""
    boundary = boundary_of(program, function)
    return boundary is not None and boundary.kind == "callback"


def _bound_behind(function: Function, name: str, binding: ast.Name | None) -> list[ast.Name]:
    """Where a variable gets another value after a binding of it."""
    if binding is None:
        return []
    names = [n for n in function.own_nodes() if isinstance(n, ast.Name) and n.id == name]
    return [n for n in names if isinstance(n.ctx, ast.Store) and n.lineno > binding.lineno]


def _holds_for(source: Source, binding: ast.Name, use: ast.Name) -> bool:
    """Is what a use gives always what this binding gave, or a later one?"""
    loop = source.parents.get(binding)
    if isinstance(loop, ast.For | ast.AsyncFor) and loop.target is binding:
        return any(use in ast.walk(statement) for statement in loop.body)
    return dominates(source, binding, use)


def _worst(fates: Iterable[Fate]) -> Fate:
    found = list(fates)
    order = (Fate.AWAITED, Fate.VALUE, Fate.UNKNOWN, Fate.DROPPED)
    return next((fate for fate in order if fate in found), Fate.UNKNOWN)


def _stored(target: ast.expr) -> Fate:
    """What an assignment to something else than a name does: unpacking looks at the value."""
    return Fate.VALUE if isinstance(target, ast.Tuple | ast.List) else Fate.UNKNOWN


def _asks_for_none(node: ast.Compare) -> bool:
    return isinstance(node.ops[0], ast.Is | ast.IsNot)


def _promises_awaitable(hint: ast.expr | None) -> bool:
    if hint is None:
        return False
    names = {n.id for n in ast.walk(hint) if isinstance(n, ast.Name)}
    names |= {n.attr for n in ast.walk(hint) if isinstance(n, ast.Attribute)}
    names |= {n.value for n in ast.walk(hint) if isinstance(n, ast.Constant) and isinstance(n.value, str)}
    return any(word in name for name in names for word in AWAITABLE_HINTS)


def _takes_values(parent: ast.AST | None, node: ast.expr) -> bool:
    """Does the node above look at a value: test it, compare it, index it, format it, run through it?"""
    match parent:
        case ast.If(test=test) | ast.While(test=test) | ast.Assert(test=test):
            return node is test
        case ast.comprehension(iter=iterable, ifs=conditions):
            return node is iterable or node in conditions
        case ast.For(iter=iterable) | ast.AsyncFor(iter=iterable):
            return node is iterable
        case ast.Subscript() | ast.Compare() | ast.UnaryOp() | ast.BinOp() | ast.FormattedValue() | ast.AugAssign():
            return True
        case ast.withitem() | ast.Match() | ast.Raise():
            return True
    return False
