"""Blocking calls that the event loop would make after the migration, and did not before: which a thread may take.

FastAPI calls a sync handler in a thread. Once the handler is async, whatever blocks in it, or in what it calls, stops
every other request. The call is handed to a thread again where nothing of the request goes with it: no session, no
mapped object that may load something, nothing that has to stay in its thread.

In all other functions that become async, those of scripts and tests among them, that is done with what their own lines
ask of files, other processes and HTTP servers: what linters tell of async functions. Where no thread can take it, it
stays as it was and nobody waits.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

from .blocking import Block, blocking
from .calling import edges
from .library import library
from .locks import is_lock
from .source import Source
from .stand_ins import is_test_code
from .symbols import Function
from .values import Awaitable, External, FunctionObject, Generated, Instance, Values

if TYPE_CHECKING:
    from .program import Program

# Kinds of blocking whose calls give something that is tied to its thread, or that blocks when it is used.
TIED = frozenset({"databases", "services", "threads", "input"})
# Of these, what gives connections, also when a function of the project passes them on.
CONNECTING = frozenset({"databases"})
# What gives something that blocks again when it is used.
LAZY = frozenset({"scandir", "walk", "popen", "stream"})
OPENING = frozenset({"open", "ZipFile"})
OPENED = "what is read or written there, the event loop still waits for: aiofiles, or a function for all of it"
# Kinds of blocking that every function leaves to a thread once it is async.
TOLD = frozenset({"files", "paths", "processes", "http"})
STATE = ("contextvars.ContextVar.set", "threading.local")


@dataclass(frozen=True, slots=True, eq=False)
class Offload:
    """A blocking call on the event loop; `concern` says why no thread can take it, "" where one can.

    `remark`: what remains on the loop when one does.
    """

    block: Block
    concern: str = ""
    remark: str = ""


def offloads(program: Program) -> Iterator[Offload]:
    """The blocking calls of functions that become async."""
    served = _from_threads(program)
    for function in sorted(program.functions, key=lambda f: f.key):
        if function in served:
            for block, callees in _blocks(program, function):
                is_opened = not callees and opens(block.node)
                yield Offload(block, _concern(program, block, callees), OPENED if is_opened else "")
        if _becomes_async(program, function):
            yield from _told(program, function, brief_only=function in served)


def _becomes_async(program: Program, function: Function) -> bool:
    colours = program.colours
    return not function.is_async and colours.may_await(function) and colours.is_changed(function)


def _told(program: Program, function: Function, *, brief_only: bool) -> Iterator[Offload]:
    for block in blocking(program).calls_of_libraries(function):
        is_brief = library().blocking[block.kind].brief
        is_meant = is_brief if brief_only else block.kind in TOLD and not _is_of_client(program, block)
        if is_meant and program.colours.can_await(function, block.node) and not _concern(program, block, []):
            yield Offload(block)


def stopping(program: Program) -> Iterator[Block]:
    """The blocking calls that the event loop makes after the migration, or makes already, and no thread made before."""
    taken = {offload.block.node for offload in offloads(program)}
    for function in program.functions:
        if program.colours.is_async(function) and not is_test_code(function):
            yield from (block for block, _ in _blocks(program, function) if block.node not in taken)


def _blocks(program: Program, function: Function) -> Iterator[tuple[Block, list[Function]]]:
    """Where a function still blocks after the migration, and what it calls there."""
    sleeping = {s.node for s in program.colours.sites_of(function) if s.kind == "sleep"}
    calls = edges(program).get(function, ())
    for block in blocking(program).in_function(function):
        callees = [callee for node, callee in calls if node is block.node]
        if block.node not in sleeping and not any(map(program.colours.is_async, callees)):
            yield block, callees


def _from_threads(program: Program) -> set[Function]:
    """The functions that become async and that FastAPI, or a call of what it calls, ran in a thread."""
    colours = program.colours
    pending = [f for f in colours.reasons if not f.is_async and not is_test_code(f) and _is_served(program, f)]
    found = set(pending)
    while pending:
        for callee in colours.callees(pending.pop()):
            if callee in colours.reasons and callee not in found:
                found.add(callee)
                pending.append(callee)
    return found


def _is_served(program: Program, function: Function) -> bool:
    """Is it a handler, a dependency or a background task?"""
    for policy, node in program.handed(function):
        call = node if isinstance(node, ast.Call) else None
        if policy == "awaits" and call is not None and any(map(_is_framework, program.values(call.func))):
            return True
    return False


def _is_framework(value: object) -> bool:
    name = value.name if isinstance(value, External) else ""
    return name.startswith(("fastapi.", "starlette."))


# What may run in a thread


def _concern(program: Program, block: Block, callees: list[Function]) -> str:
    node, source = block.node, block.function.source
    if not isinstance(node, ast.Call):
        return "it is no plain call"
    if isinstance(source.parents.get(node), ast.withitem) and (callees or not opens(node)):
        return "what it opens is used here"
    is_used = not isinstance(source.parents.get(node), ast.Expr)
    if not callees and (block.kind in TIED or _name(node) in LAZY):
        return "what it gives is used here, in this thread"
    if (
        callees
        and is_used
        and any(b.kind in CONNECTING for f in _reached(program, callees) for b in blocking(program).in_function(f))
    ):
        return "what it gives may be tied to the thread that opened it"
    if _holds_lock(program, source, node):
        return "a lock is held meanwhile"
    given = [node.func, *node.args, *(k.value for k in node.keywords)]
    if any(is_bound_to_request(program, program.values(g)) for g in given):
        return "a session or a mapped object goes into it"
    for function in _reached(program, callees):
        for inner in function.own_nodes():
            if isinstance(inner, ast.expr):
                values = program.values(inner)
                if is_bound_to_request(program, values):
                    return f"{function.qualname} works with a session or a mapped object"
                if any(isinstance(v, External) and v.name in STATE for v in values):
                    return f"{function.qualname} keeps something for its thread"
    return ""


def _is_of_client(program: Program, block: Block) -> bool:
    """Does an object that a test may have put there talk to a server?"""
    assert isinstance(block.node, ast.Call)
    called = program.values(block.node.func)
    return block.kind == "http" and not any(isinstance(v, External) and v.receiver is None for v in called)


def opens(node: ast.expr) -> bool:
    """Does a call open a file rather than read or write one?"""
    return isinstance(node, ast.Call) and _name(node) in OPENING


def _name(node: ast.Call) -> str:
    return node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")


def is_bound_to_request(program: Program, values: Values) -> bool:
    """Is one of the values a session, or an object that one has loaded?"""
    for value in values:
        match value:
            case Instance(cls=cls):
                if program.converted_class(cls) or program.mapped(cls) is not None or program.is_session(values):
                    return True
            case FunctionObject(receiver=Instance() as receiver):
                if program.mapped(receiver.cls) is not None:
                    return True
            case External(receiver=Instance(cls=cls)):
                if program.converted_class(cls):
                    return True
            case Awaitable() | Generated():
                return True
    return False


def _reached(program: Program, functions: list[Function]) -> set[Function]:
    found = set(functions)
    pending = list(functions)
    while pending:
        new = {callee for _, callee in edges(program).get(pending.pop(), ())} - found
        found |= new
        pending.extend(new)
    return found


def _holds_lock(program: Program, source: Source, node: ast.AST) -> bool:
    """Does a call stand in the body of `with lock:`?"""
    current = source.parents.get(node)
    while current is not None and not isinstance(current, ast.FunctionDef | ast.AsyncFunctionDef):
        if isinstance(current, ast.With):
            held = [v for item in current.items for v in program.values(item.context_expr)]
            if any(isinstance(v, Instance) and is_lock(v.cls) for v in held):
                return True
        current = source.parents.get(current)
    return False
