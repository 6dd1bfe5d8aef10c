"""Evidence by name, where the receiver of a call is unknown."""

from __future__ import annotations

import ast
from collections import defaultdict
from collections.abc import Iterator
from typing import TYPE_CHECKING

from .async_sites import AsyncSite
from .decisions import Confidence
from .families import families
from .stand_ins import is_test_code
from .symbols import Function
from .values import Mock

if TYPE_CHECKING:
    from .program import Program


TOO_COMMON = {
    "get", "add", "update", "delete", "create", "all", "first", "close", "save", "run", "execute", "commit", "send",
    "list",
    "items", "keys", "values", "append", "pop", "copy", "count", "index", "insert", "remove", "read", "write", "filter",
    "find", "search", "load", "start", "stop", "process", "handle", "refresh", "open", "join", "split", "format", "set",
    "clear", "info", "error", "call", "apply", "check", "query", "post", "put", "patch", "exists", "flush", "reset",
}  # fmt: skip


def unknown_receivers(program: Program) -> Iterator[AsyncSite]:
    """Calls of a method on something unknown, where one family alone in the project has a method of that name.

    The name is evidence only with fitting arguments; confidence is medium, and the plan says so.
    """
    by_name: defaultdict[str, list[Function]] = defaultdict(list)
    for cls in program.interpreter.objects.classes.values():
        for name, method in cls.methods.items():
            if not name.startswith("__") and name not in TOO_COMMON:
                by_name[name].append(method)
    related = families(program)
    for function in program.functions:
        if program.stays_sync(function):
            continue
        for node in function.own_nodes():
            if not (isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute)):
                continue
            methods = by_name.get(node.func.attr, [])
            if not methods or not _is_unknown(program, function, node.func.value) or _is_known(program, node.func):
                continue
            if len(methods) > 1 and not set(methods) <= set(related.get(methods[0], ())):
                continue
            method = methods[0]
            if not method.is_generator and not method.is_property and fits(method, node):
                yield AsyncSite(
                    function, node, "await", method, f"calls {method.qualname} (known by its name)", Confidence.MEDIUM
                )


def _is_unknown(program: Program, function: Function, receiver: ast.expr) -> bool:
    """Is nothing known of a receiver? That a test hands a mock to the code tells nothing of what the code gets else."""
    is_super = isinstance(receiver, ast.Call) and isinstance(receiver.func, ast.Name) and receiver.func.id == "super"
    return not is_super and not (_is_known(program, receiver) or (program.values(receiver) and is_test_code(function)))


def _is_known(program: Program, node: ast.expr) -> bool:
    return any(not isinstance(v, Mock) for v in program.values(node))


def fits(function: Function, call: ast.Call) -> bool:
    """Can the call's arguments be those of the function?"""
    spec = function.arguments
    assert spec is not None
    if any(isinstance(a, ast.Starred) for a in call.args) or any(k.arg is None for k in call.keywords):
        return True
    positional = [a.arg for a in (*spec.posonlyargs, *spec.args)]
    if function.binding in {"instance", "class"}:
        positional = positional[1:]
    if len(call.args) > len(positional) and not spec.vararg:
        return False
    names = {*positional, *(a.arg for a in spec.kwonlyargs)}
    given = {k.arg for k in call.keywords if k.arg}
    if not spec.kwarg and not given <= names:
        return False
    required = positional[: len(positional) - len(spec.defaults)] if spec.defaults else positional
    return set(required[len(call.args) :]) <= given
