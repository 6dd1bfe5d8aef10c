"""Stand-ins: functions that a test puts in the place of others, and that therefore take their colour."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import PurePosixPath
from typing import TYPE_CHECKING

from .fixtures import is_test_file
from .library import library
from .mocks import Patch
from .once import once
from .source import Source
from .symbols import Function, dotted
from .values import ClassObject, FunctionObject, Instance, ModuleObject

if TYPE_CHECKING:
    from .program import Program

# Methods that do I/O but are entered or awaited by way of what they return.
NOT_COROUTINES = frozenset({"begin", "begin_nested", "connect"})
MODULES = "sys.modules"
TEST_FOLDERS = frozenset({"test", "tests", "testing"})


def is_test_code(function: Function) -> bool:
    """Does the function belong to the project's suite?"""
    path = PurePosixPath(function.source.path)
    return is_test_file(function.source.path) or bool(TEST_FOLDERS.intersection(path.parts[:-1]))


def stand_ins(program: Program) -> Iterator[tuple[Function, Function | None, str]]:
    """Functions that replace others by a patch, with what they replace (None: an async method of a library), and why.

    Where a replacement meets the original at a call, the call tells it; here are those that no call in sight reaches.
    """
    for patch in program.interpreter.mocks.patches:
        fakes = [program.function(v.key) for v in patch.replacement if isinstance(v, FunctionObject)]
        if not fakes:
            continue
        if replaces_async_method(program, patch):
            for fake in fakes:
                yield fake, None, f"stands in for {patch.name}, which is awaited"
        for real in replaced(program, patch):
            for fake in fakes:
                if fake is not real:
                    yield fake, real, f"stands in for {real.qualname}"


def replaced(program: Program, patch: Patch) -> list[Function]:
    """The project's functions that a patch replaces."""
    match patch.owner:
        case ModuleObject() | ClassObject() | Instance():
            held = program.interpreter.attribute(frozenset({patch.owner}), patch.name)
        case _:
            return []
    functions = [program.function(v.key) for v in held - patch.replacement if isinstance(v, FunctionObject)]
    return [f for f in functions if not f.is_generator]


def replaces_async_method(program: Program, patch: Patch) -> bool:
    """Does a patch replace a method of a library's class that is a coroutine on the async class?"""
    match patch.owner:
        case Instance(cls=cls) | ClassObject(cls=cls):
            return is_async_method(program, cls, patch.name)
    return False


@once
def replaces_modules(source: Source) -> bool:
    """Does a file put something in the place of modules? What is imported from these is a mock, whatever it was."""
    for node in source.nodes:
        match node:
            case ast.Subscript(value=owner, ctx=ast.Store()) if dotted(owner) == MODULES:
                return True
            case ast.Call(args=[owner, *_]) if dotted(node.func).endswith(("patch.dict", "setitem")):
                if MODULES in {dotted(owner), getattr(owner, "value", None)}:
                    return True
    return False


def gives_result(patch: Patch) -> bool:
    """Is there something to be done with what the replaced method of a library gives?"""
    match patch.owner:
        case Instance(cls=cls) | ClassObject(cls=cls):
            known = library().method(cls, patch.name)
            return known is not None and bool(known.returns)
    return False


def is_async_method(program: Program, cls: str, name: str) -> bool:
    """Is the method of a library's class a coroutine on the class that stands for it after the migration?"""
    known = library().method(cls, name)
    return known is not None and known.io and name not in NOT_COROUTINES and bool(program.converted_class(cls))
