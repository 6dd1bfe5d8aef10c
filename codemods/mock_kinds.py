"""What unittest.mock makes of the children of a mock: which are coroutine functions, and which are not."""

from __future__ import annotations

from collections.abc import Mapping

from ..analysis.mocks import AUTOSPEC, CALL, PATCH, Patch, Path
from ..analysis.program import Program
from ..analysis.stand_ins import is_async_method, replaced, replaces_async_method, replaces_modules
from ..analysis.values import FunctionObject, Value, Values
from .mock_usage import MadeMock

MOCK_MODULE = "unittest.mock"
# What a child is made with, where it gets an object of its own: an AsyncMock, a mock, or a mock of an async session.
ASYNC = "AsyncMock"
PLAIN = "plain"
SESSION = "session"
ASYNC_KINDS = frozenset({"AsyncMock", "async_stub"})
PLAIN_KINDS = frozenset({"Mock", "MagicMock", "NonCallableMock", "NonCallableMagicMock", "stub"})
ENTERING = frozenset({"__enter__", "__exit__"})


def is_awaitable(program: Program, made: MadeMock, path: Path, own: Mapping[Path, str]) -> bool:
    """Is a child a coroutine function after the migration, given what is made of the children in `own`?"""
    state = _is_root_awaitable(program, made, own.get((), ""))
    for position, name in enumerate(path):
        parent, child = path[:position], path[: position + 1]
        specified = _specified(program, made, parent, name, own)
        if child in own:
            state = own[child] == ASYNC
        elif specified is not None:
            state = specified
        elif name in ENTERING:
            state = made.uses[parent].entering is not None
        elif name.startswith("__"):
            state = False
    return state


def _is_root_awaitable(program: Program, made: MadeMock, own: str) -> bool:
    if made.mock.kind in ASYNC_KINDS or own == ASYNC:
        return True
    if made.mock.kind in {PATCH, AUTOSPEC} and made.patches:
        return not replaces_modules(made.source) and any(_replaces_coroutine_function(program, p) for p in made.patches)
    return any(_is_coroutine_function(program, v) for v in spec_values(program, made))


def _replaces_coroutine_function(program: Program, patch: Patch) -> bool:
    """`patch` makes an AsyncMock by itself of what is `async def` when it runs."""
    return replaces_async_method(program, patch) or any(map(program.is_async_after, replaced(program, patch)))


def _is_coroutine_function(program: Program, value: Value) -> bool:
    return isinstance(value, FunctionObject) and program.is_async_after(program.function(value.key))


def spec_values(program: Program, made: MadeMock) -> Values:
    """What a mock is told to stand for."""
    given = [k.value for k in made.node.keywords if k.arg in {"spec", "spec_set"}]
    if not made.patches:
        given += made.node.args[:1]
    return frozenset(v for g in given for v in program.values(g))


def _specified(program: Program, made: MadeMock, parent: Path, name: str, own: Mapping[Path, str]) -> bool | None:
    """What the class that a mock stands for says of a method; None where it says nothing."""
    if own.get(parent) == SESSION:
        return any(is_async_method(program, cls, name) for cls in made.sessions[parent])
    if not made.mock.spec or parent not in ({(), (CALL,)} if made.mock.kind == AUTOSPEC else {()}):
        return None
    methods = program.methods(made.mock.spec, name)
    if methods:
        return any(program.is_async_after(m) and not m.is_generator for m in methods)
    if is_async_method(program, made.mock.spec, name):
        return True
    return False if program.converted_class(made.mock.spec) else None
