"""How the project's suite runs async tests: by anyio, or by pytest-asyncio in one of its modes."""

from __future__ import annotations

import ast
from collections.abc import Iterator

from packaging.version import Version

from ..analysis.fixtures import is_test, is_test_file
from ..analysis.program import Program
from ..analysis.source import Source
from ..analysis.symbols import Function
from ..analysis.values import External
from .pytest_settings import EditedSettings, edit_settings, newest

# Up to here pytest-asyncio runs a test on whatever loop is the current one, and a call of `asyncio.run` leaves none.
OWN_LOOP_SINCE = Version("1.1")


def loop_scope(program: Program) -> str:
    """One loop for the whole suite, as pooled connections work on no other, unless its tests take the loop away."""
    version = newest(program.root, list(program.sources))
    return "function" if version and version < OWN_LOOP_SINCE and _runs_loops(program) else "session"


def _runs_loops(program: Program) -> bool:
    """Do tests call `asyncio.run`, now or when they are migrated?"""
    if any(is_test_file(f.source.path) for f in program.colours.entries):
        return True
    functions = [f for f in program.functions if is_test_file(f.source.path) and not f.is_module]
    calls = (n.func for f in functions for n in f.own_nodes() if isinstance(n, ast.Call))
    return any(External("asyncio.run") in program.values(c) for c in calls)


def settings(program: Program, changed: dict[str, bytes] | None = None) -> EditedSettings:
    """The settings as they have to be. A project without a mode gets "auto", one that keeps tests of anyio "strict"."""
    keeps_anyio = _has_mark(program, "anyio") and not _shares_asyncio(program)
    return edit_settings(program.root, loop_scope(program), keeps_anyio, program.sources, changed)


def runs_strict(program: Program) -> bool:
    """Must tests and fixtures of pytest-asyncio say so themselves?"""
    return not uses_anyio(program) and settings(program).mode == "strict"


def uses_anyio(program: Program) -> bool:
    """Are the suite's async tests run by anyio's plugin, on a backend that the suite chooses?"""
    if not program.interpreter.fixtures.by_name.get("anyio_backend") or _has_mark(program, "asyncio"):
        return False
    edited = settings(program)
    return not (edited.is_chosen and edited.mode == "auto")


def anyio_marks(program: Program) -> Iterator[tuple[Source, ast.Attribute]]:
    """The marks of anyio that become those of pytest-asyncio: what both run can't share a loop, nor a connection."""
    if _shares_asyncio(program) and settings(program).mode == "auto":
        for source in program.sources.values():
            for node in source.nodes:
                if isinstance(node, ast.Attribute) and _is_mark(node, "anyio"):
                    yield source, node


def _shares_asyncio(program: Program) -> bool:
    """Do tests of anyio, on asyncio alone, stand beside those of pytest-asyncio?"""
    backends = program.interpreter.fixtures.by_name.get("anyio_backend", [])
    is_asyncio = bool(backends) and all(map(_gives_asyncio, backends))
    return is_asyncio and _has_mark(program, "anyio") and _has_mark(program, "asyncio")


def _gives_asyncio(backend: Function) -> bool:
    """Does an `anyio_backend` fixture return "asyncio", whoever asks?"""
    match backend.body[-1]:
        case ast.Return(value=ast.Constant(value="asyncio") | ast.Tuple(elts=[ast.Constant(value="asyncio"), _])):
            return not backend.parameters()
    return False


def _has_mark(program: Program, mark: str) -> bool:
    return any(is_marked(f, mark) for f in program.functions if f.is_async and is_test(f))


def is_marked(test: Function, mark: str) -> bool:
    """Does a test carry a mark, itself or through its class or module?"""
    owner = test.owner.node if test.owner else None
    decorators = [*test.decorators, *(owner.decorator_list if owner else [])]
    bodies = [test.source.tree.body, *([owner.body] if owner else [])]
    return any(_is_mark(d, mark) for d in decorators) or any(_marks_all(body, mark) for body in bodies)


def _marks_all(body: list[ast.stmt], mark: str) -> bool:
    """Is there a `pytestmark = …` with the mark among the statements?"""
    for statement in body:
        match statement:
            case ast.Assign(targets=[ast.Name(id="pytestmark")], value=value):
                marks = value.elts if isinstance(value, ast.List | ast.Tuple) else [value]
                if any(_is_mark(m, mark) for m in marks):
                    return True
    return False


def _is_mark(node: ast.expr, mark: str) -> bool:
    match node.func if isinstance(node, ast.Call) else node:
        case ast.Attribute(value=ast.Attribute(attr="mark") | ast.Name(id="mark"), attr=name):
            return name == mark
    return False
