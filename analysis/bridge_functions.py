"""Functions that run the coroutine, or coroutine function, that they are given, and do nothing else."""

from __future__ import annotations

import ast
from dataclasses import dataclass
from typing import TYPE_CHECKING

from .fixtures import is_test
from .machinery import body_nodes, runs, serves_only
from .symbols import Function, decorator_name, dotted
from .values import FunctionObject

if TYPE_CHECKING:
    from .program import Program

# Library functions and methods that wait for what they are given, or have it run.
HANDING_ON = frozenset(
    {
        "Task", "Thread", "Timer", "apply_async", "call_soon_threadsafe", "cast", "create_task", "ensure_future",
        "gather", "partial", "put", "run", "run_until_complete", "shield", "start_soon", "submit", "wait", "wait_for",
    }
)  # fmt: skip


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


def bridge_of(program: Program, function: Function) -> Bridge | None:
    """The bridge that a function is, if it is one."""
    node = function.node
    if not isinstance(node, ast.FunctionDef) or function.is_generator or is_test(function):
        return None
    if not {decorator_name(d) for d in function.decorators} <= {"staticmethod", "classmethod"}:
        return None
    body = list(body_nodes(node.body))
    inner = {n.name for n in body if isinstance(n, ast.FunctionDef | ast.AsyncFunctionDef)}
    returned = {r.value.id for r in function.own_nodes() if isinstance(r, ast.Return) and isinstance(r.value, ast.Name)}
    for parameter in function.parameters()[1 if function.binding in {"instance", "class"} else 0 :]:
        flow = _Flow(program, body, parameter.arg)
        reached = flow.names()
        if not any(flow.runs_it(n, reached) for n in body):
            continue
        calls = [n for n in body if isinstance(n, ast.Call) and dotted(n.func) == parameter.arg]
        if all(map(_passes_everything_on, calls)) and serves_only(program, function, subject=parameter.arg):
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


class _Flow:
    """Where the value of a parameter gets to in a function, as it is: not what other calls make of it."""

    def __init__(self, program: Program, body: list[ast.AST], parameter: str) -> None:
        self._program = program
        self._body = body
        self._parameter = parameter
        self._nested = {n.name: n for n in body if isinstance(n, ast.FunctionDef | ast.AsyncFunctionDef)}

    def names(self) -> set[str]:
        """The parameter, the locals that hold its value, and the nested functions that pass it on."""
        found = {self._parameter}
        size = 0
        while size < len(found):
            size = len(found)
            for node in self._body:
                match node:
                    case ast.Assign(targets=targets, value=value) if self.passed(value) & found:
                        found.update(name for t in targets for name in self.passed(t))
                    case ast.AnnAssign(target=target, value=value) if value and self.passed(value) & found:
                        found |= self.passed(target)
                    case ast.withitem(context_expr=value, optional_vars=ast.Name(id=name)) if (
                        self.passed(value) & found
                    ):
                        found.add(name)
            for name, nested in self._nested.items():
                inside = [n for n in body_nodes(nested.body) if isinstance(n, ast.expr)]
                if any(self.passed(n) & found for n in inside):
                    found.add(name)
                elif any(self._is_called_with(n, name, found) for n in self._body):
                    found.update(a.arg for a in nested.args.args)
        return found

    def _is_called_with(self, node: ast.AST, name: str, found: set[str]) -> bool:
        """Is a nested function called with, or handed on together with, the value?"""
        return isinstance(node, ast.Call) and name in (passed := self.passed(node)) and not found.isdisjoint(passed)

    def passed(self, node: ast.expr | None) -> set[str]:
        """The names whose values an expression passes on."""
        match node:
            case ast.Name(id=name):
                return {name}
            case ast.Await(value=inner) | ast.Starred(value=inner) | ast.NamedExpr(value=inner):
                return self.passed(inner)
            case ast.Attribute(value=ast.Name(id=name)) if name == self._parameter:
                return set()
            case ast.Attribute(value=inner) | ast.Subscript(value=inner) | ast.Lambda(body=inner):
                return self.passed(inner)
            case ast.IfExp(body=body, orelse=orelse):
                return self.passed(body) | self.passed(orelse)
            case ast.BoolOp(values=parts) | ast.Tuple(elts=parts) | ast.List(elts=parts) | ast.Dict(values=parts):
                return {name for part in parts for name in self.passed(part)}
            case ast.Call(func=func, args=args, keywords=keywords):
                given = [*args, *(k.value for k in keywords)] if self._hands_on(func) else []
                return {name for part in (func, *given) for name in self.passed(part)}
        return set()

    def _hands_on(self, callee: ast.expr) -> bool:
        """Does what is called do nothing to its arguments but wait for them, or have them run?"""
        if isinstance(callee, ast.Name) and callee.id in self._nested:
            return True
        if runs(self._program, callee):
            return True
        for value in self._program.values(callee):
            if isinstance(value, FunctionObject):
                return _awaits_parameters(self._program.function(value.key))
        name = callee.attr if isinstance(callee, ast.Attribute) else getattr(callee, "id", "")
        return name in HANDING_ON

    def runs_it(self, node: ast.AST, found: set[str]) -> bool:
        """Does a node run the value: by a call, or by handing it on together with what runs it?"""
        if not isinstance(node, ast.Call) or self.passed(node).isdisjoint(found):
            return False
        given = [*node.args, *(k.value for k in node.keywords)]
        return any(runs(self._program, n) for n in (node.func, *given))


def _awaits_parameters(function: Function) -> bool:
    names = {p.arg for p in function.parameters()}
    awaited = [n.value for n in function.own_nodes() if isinstance(n, ast.Await)]
    return any(isinstance(n, ast.Name) and n.id in names for n in awaited)


def _passes_everything_on(call: ast.Call) -> bool:
    """`f()` or `f(*args, **kwargs)`."""
    return all(isinstance(a, ast.Starred) for a in call.args) and all(k.arg is None for k in call.keywords)
