"""The machinery of bridges: code made of event loops, threads and their like alone."""

from __future__ import annotations

import ast
import builtins
from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING

from .library import Callable, library
from .source import Source
from .symbols import Function, dotted
from .values import NOTHING, ClassObject, External, FunctionObject, Instance, Value

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
# What machinery that a function is given is asked to do.
METHODS = frozenset(
    {
        "call_soon_threadsafe", "close", "create_task", "critical", "debug", "error", "exception", "info", "is_closed",
        "is_running", "join", "result", "run", "run_until_complete", "start", "stop", "submit", "warning",
    }
)  # fmt: skip
# First parts of the names of methods whose receivers are the interpreter's own values.
CONTAINERS = frozenset({"list", "dict", "awaitable"})


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


def serves_only(
    program: Program, function: Function, seen: frozenset[Function] = frozenset(), subject: str = ""
) -> bool:
    """Is a function made of machinery alone, besides the parameter `subject`?"""
    assert isinstance(function.node, ast.FunctionDef | ast.AsyncFunctionDef)
    parts = _Parts(program, function, seen | {function}, subject)
    return parts.has_machinery and all(map(parts.serves, parts.body))


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


class _Parts:
    """The parts of a function, each asked whether it belongs to the machinery."""

    def __init__(self, program: Program, function: Function, seen: frozenset[Function], subject: str) -> None:
        node = function.node
        assert isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
        self._program = program
        self._source = function.source
        self._seen = seen
        self.body = list(body_nodes(node.body))
        definitions = ast.FunctionDef | ast.AsyncFunctionDef | ast.ExceptHandler
        bound = {a.arg for n in ast.walk(node) if isinstance(n, ast.arguments) for a in _all_arguments(n)}
        bound |= {n.id for n in self.body if isinstance(n, ast.Name) and not isinstance(n.ctx, ast.Load)}
        bound |= {n.name or "" for n in self.body if isinstance(n, definitions)}
        bound -= {name for n in self.body if isinstance(n, ast.Global) for name in n.names}
        parameters = [p.arg for p in function.parameters()]
        self._own = set(parameters[:1]) if function.binding in {"instance", "class"} else set()
        self._given = set(parameters) - self._own - {subject}
        self._bound = bound - self._own

    @property
    def has_machinery(self) -> bool:
        """Is there any: a library's, or an `await` of something given?"""
        return any(
            isinstance(n, ast.Await)
            or (isinstance(n, ast.Name | ast.Attribute) and any(map(_is_library_machine, self._program.values(n))))
            for n in self.body
        )

    def serves(self, node: ast.AST) -> bool:
        """Does a node belong to the machinery?"""
        match node:
            case ast.Yield() | ast.YieldFrom():
                return False
            case ast.Call(func=ast.Name(id=name)) if name in self._given:
                return False
            case ast.Call(func=ast.Attribute(value=ast.Name(id=name) as receiver, attr=method)) if name in self._given:
                return method in METHODS or any(map(_is_library_machine, self._program.values(receiver)))
            case ast.Attribute(value=ast.Name(id=name)) if name in self._own:
                return self._is_machine(node)
            case ast.Name(id=name) if name in self._bound:
                return True
            case ast.Name(id=name) if name in self._own:
                return isinstance(self._source.parents.get(node), ast.Attribute)
            case ast.Name(id=name, ctx=ast.Load()) if self._program.values(node):
                return self._is_machine(node)
            case ast.Name(id=name):
                return name in BUILTINS or _is_made_of_machinery(self._program, self._source, name)
        return True

    def _is_machine(self, node: ast.expr) -> bool:
        values = self._program.values(node)
        return bool(values) and all(_is_machine(self._program, v, self._seen) for v in values)


def _is_library_machine(value: Value) -> bool:
    """Is this a thing of a library of machinery?"""
    match value:
        case External(name=name) | Instance(cls=name) | ClassObject(cls=name):
            return name.partition(".")[0] in MACHINERY
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
