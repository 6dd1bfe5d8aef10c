"""Boundaries: functions that can't become async, and why."""

from __future__ import annotations

import ast
from dataclasses import dataclass
from typing import TYPE_CHECKING

from .caching import is_cached, keeps_tasks
from .constructors import becomes_coroutine
from .decorators import is_own, starter
from .library import library
from .mapping import is_mapping
from .symbols import Function, decorator_name
from .xunit import runs_outside

if TYPE_CHECKING:
    from .program import Program

# Special methods that Python itself calls and that may become async because their callers are rewritten with them.
MAY_BE_ASYNC = {"__call__", "__enter__", "__exit__"}
# Decorators whose functions a library calls synchronously.
SYNC_DECORATORS = {
    "validates", "field_validator", "model_validator", "validator", "root_validator", "field_serializer",
    "model_serializer", "hybrid_property", "hybrid_method", "expression", "comparator", "compiles", "listens_for",
    "listens_for_event", "declared_attr", "singledispatch", "computed_field",
}  # fmt: skip
PLAIN_PROPERTY = {"property", "abstractproperty", "abstractmethod", "override", "final"}


@dataclass(frozen=True, slots=True)
class Boundary:
    """Why a function stays sync.

    `kind`: "module" (a module's body), "entry" (a command or task that a library calls from sync code), "callback" (a
    library calls it and uses its result at once), "property", "special" (a special method), "lambda", "generator" (one
    that returns a value), "factory" (it makes an application), "greenlet" (given to `run_sync`), "window" (of a desktop
    program), "kept" (configured, or Alembic).
    """

    kind: str
    why: str


def boundary_of(program: Program, function: Function) -> Boundary | None:
    """The boundary that a function is; None when it may become async."""
    if program.stays_sync(function):
        return Boundary("kept", program.why_sync(function))
    if function.is_module:
        return Boundary("module", "a module's body runs when it is imported, outside any event loop")
    if function in program.windows:
        return Boundary("window", "it belongs to windows, whose main loop is none of asyncio's")
    if function.is_generator and _has_a_result(function):
        return Boundary("generator", "an async generator can't return a value, nor be asked for one")
    if function.is_property and not _may_await_property(program, function):
        return Boundary("property", "what reads this property as an attribute does not await it")
    is_special = function.owner and function.name.startswith("__") and function.name.endswith("__")
    # Whoever runs through a generator is rewritten; an iterator class would have to be, in all its parts.
    is_iteration = function.name == "__iter__" and function.is_generator
    may_be_async = function.name in MAY_BE_ASYNC or is_iteration or becomes_coroutine(program, function)
    if is_special and not may_be_async:
        return Boundary("special", f"Python calls {function.name} itself and does not await it")
    if runs_outside(program, function):
        return Boundary("entry", f"the test runner calls {function.name} outside of the event loop")
    if (overriding := _overriding(program, function)) is not None:
        return overriding
    names = {decorator_name(d) for d in function.decorators if not is_own(program, d)}
    if names & SYNC_DECORATORS:
        return Boundary("callback", f"@{sorted(names & SYNC_DECORATORS)[0]} calls it without await")
    if (name := starter(program, function)) and not _is_fastapi(program, function):
        is_started = program.decorators.is_started(function)
        return None if is_started else Boundary("entry", f"@{name} calls it from sync code")
    if program.decorators.starts(function):
        return Boundary("entry", "the commands that it stands around are called from sync code")
    if script := program.console_scripts.get(function):
        return Boundary("entry", f"the script {script} calls it outside of any event loop")
    if is_cached(program, function):
        only_ours = keeps_tasks(program, function)
        return None if only_ours else Boundary("callback", "its results are kept, and a library calls it too")
    handed = [(p, n) for p, n in program.handed(function) if not is_mapping(program, n)]
    policies = {policy for policy, _ in handed}
    if "greenlet" in policies:
        return Boundary("greenlet", "it is given to run_sync, inside which everything is sync")
    if "starts" in policies:
        return Boundary("entry", "it is handed to a library that calls it outside of the event loop")
    if "sync" in policies:
        return Boundary("callback", "it is handed to a library that calls it without await")
    return None


def _overriding(program: Program, function: Function) -> Boundary | None:
    """The boundary that a method is because a library's class calls it: the `run` of a thread."""
    bases = program.interpreter.objects.library_bases(function.owner.key) if function.owner else ()
    for cls in (known for base in bases for known in library().ancestry(base)):
        if function.name in cls.starts:
            return Boundary("entry", f"{cls.name} calls {function.name} outside of the event loop")
        if function.name in cls.calls:
            return Boundary("callback", f"{cls.name} calls {function.name} without await")
    return None


def _has_a_result(function: Function) -> bool:
    """Does a generator return a value, or use what another one returned?"""
    nodes = function.own_nodes()
    statements = {n.value for n in nodes if isinstance(n, ast.Expr)}
    return any(
        (isinstance(n, ast.Return) and n.value is not None) or (isinstance(n, ast.YieldFrom) and n not in statements)
        for n in nodes
    )


def _is_fastapi(program: Program, function: Function) -> bool:
    return any(policy == "awaits" for policy, _ in program.handed(function))


def _may_await_property(program: Program, function: Function) -> bool:
    """Is it a plain property that only code reads? Then `await obj.name` takes the place of `obj.name`.

    A cached one would keep its first coroutine; those of mapped classes and pydantic models are read by serialisers.
    """
    if {decorator_name(d) for d in function.decorators} - PLAIN_PROPERTY or function.owner is None:
        return False
    key = function.owner.key
    return program.mapped(key) is None and "pydantic.BaseModel" not in program.interpreter.objects.ancestry(key)
