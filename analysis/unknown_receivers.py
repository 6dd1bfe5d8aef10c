"""Evidence by name, where the receiver of a call is unknown."""

from __future__ import annotations

import ast
import sys
from collections import defaultdict
from collections.abc import Iterator
from typing import TYPE_CHECKING

from .async_sites import AsyncSite
from .decisions import Confidence
from .families import families
from .stand_ins import is_test_code
from .symbols import Function
from .values import ClassObject, External, FunctionObject, Instance, Mock

if TYPE_CHECKING:
    from .program import Program


TOO_COMMON = {
    "get", "add", "update", "delete", "create", "all", "first", "close", "save", "run", "execute", "commit", "send",
    "list",
    "items", "keys", "values", "append", "pop", "copy", "count", "index", "insert", "remove", "read", "write", "filter",
    "find", "search", "load", "start", "stop", "process", "handle", "refresh", "open", "join", "split", "format", "set",
    "clear", "info", "error", "call", "apply", "check", "query", "post", "put", "patch", "exists", "flush", "reset",
    "name", "value", "size", "text", "status", "type",
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
    if is_super or _is_known(program, receiver) or (program.values(receiver) and is_test_code(function)):
        return False
    made = _made(function, receiver)
    return not made or not all(_is_foreign(program, node) for node in made)


def _made(function: Function, receiver: ast.expr) -> list[ast.expr]:
    """What is assigned to a receiver that is a variable, or an attribute of `self`, in its file or class."""
    wanted = ast.dump(receiver).replace("Load()", "Store()")
    is_own = (
        isinstance(receiver, ast.Attribute) and isinstance(receiver.value, ast.Name) and receiver.value.id == "self"
    )
    if not (isinstance(receiver, ast.Name) or is_own):
        return []
    if isinstance(receiver, ast.Name) and any(a.arg == receiver.id for a in function.parameters()):
        return []
    root = function.owner.node if is_own and function.owner else function.source.tree
    found: list[ast.expr] = []
    for node in ast.walk(root):
        match node:
            case ast.Assign(targets=targets, value=value):
                found += [value for t in targets if ast.dump(t).replace("Load()", "Store()") == wanted]
    return found


def _is_foreign(program: Program, node: ast.expr) -> bool:
    """Does a library make this by itself? One that is given something of the project may give that back."""
    if not isinstance(node, ast.Call):
        return False
    makers = program.values(node.func)
    given = [*node.args, *(k.value for k in node.keywords)]
    own = (FunctionObject, ClassObject, Instance)
    return (
        bool(makers)
        and all(isinstance(m, External) and m.receiver is None and _is_third_party(m.name) for m in makers)
        and not any(isinstance(v, own) for g in given for v in program.values(g))
    )


def _is_third_party(name: str) -> bool:
    """Does a dotted name begin with a package that is installed? Python's own modules keep and call what is theirs."""
    package, _, rest = name.partition(".")
    return bool(rest) and package not in sys.stdlib_module_names


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
