"""Functions handed to pytest and unittest, to be called by them: finalizers, cleanups, and what has to raise."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from typing import TYPE_CHECKING

from .library import library
from .symbols import Function, dotted
from .values import External, FunctionObject, Instance

if TYPE_CHECKING:
    from .program import Program

FINALIZER = "addfinalizer"
CLEANUP = "addCleanup"
RAISES = {"raises", "assertRaises"}


def handed(node: ast.Call) -> tuple[str, ast.expr] | None:
    """Which of "finalizer", "cleanup", "raises" a call is, and the function that it hands over."""
    name = dotted(node.func).rpartition(".")[2]
    if name == FINALIZER and len(node.args) == 1:
        return "finalizer", node.args[0]
    if name == CLEANUP and node.args:
        return "cleanup", node.args[0]
    if name in RAISES and len(node.args) > 1:
        return "raises", node.args[1]
    return None


def functions_of(program: Program, node: ast.expr) -> Iterator[Function | None]:
    """The project's sync functions that an expression can be; None for a library's that becomes async."""
    for value in program.values(node):
        match value:
            case FunctionObject(key=key) if not program.function(key).is_async:
                yield program.function(key)
            case External(name=name, receiver=Instance(cls=cls)):
                base, _, method = name.rpartition(".")
                known = library().method(base, method)
                if known and known.io and program.converted_class(cls):
                    yield None
