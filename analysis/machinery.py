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
