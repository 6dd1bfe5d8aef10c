"""Locks of `threading` that are held across an await, or waited for on the event loop: asyncio's take their place.

A lock that guards no await stays, for whichever thread takes it. One that becomes asyncio's does so with all its uses,
and what uses it becomes async; where one of them can't, the lock stays and the plan says why.
"""

from __future__ import annotations

import ast
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, TypeGuard

from .boundaries import boundary_of
from .library import library
from .source import Source
from .symbols import Function
from .values import NOTHING, ClassObject, Context, External, FunctionObject, Instance, Many, Table

if TYPE_CHECKING:
    from .colours import Colours
    from .program import Program

PLAIN = frozenset({"release", "locked", "notify", "notify_all", "is_set", "set", "clear"})
# Methods that wait, and how many arguments they take in both worlds.
WAITING = {"acquire": 0, "wait": 0, "wait_for": 1}
ENDLESS = "it is waited for with a time limit or without blocking, which asyncio's has no counterpart for"


@dataclass(frozen=True, slots=True, eq=False)
class Use:
    """One use of a lock: `kind` is "with", "await" (a call that waits), "plain" (one that does not), or "odd"."""

    function: Function
    node: ast.expr
    kind: str
    what: str = ""


@dataclass(slots=True, eq=False)
class Lock:
    """Locks that share their uses, by the places where they are made."""

    origins: frozenset[str]
    classes: frozenset[str]
    uses: list[Use] = field(default_factory=list)
    is_settled: bool = False
    converts: bool = False
    concern: str = ""
    trigger: Use | None = None

    @property
    def waits(self) -> list[Use]:
        """The uses that are awaited on the loop."""
        return [use for use in self.uses if use.kind in {"with", "await"}]


class Locks:
    """All locks of a program."""

    def __init__(self, program: Program) -> None:
        self._program = program
        self.all = _collected(program)

    def settle(self, colours: Colours) -> list[Use]:
        """The uses that have to await because, as the colours stand, their lock is held while something is awaited."""
        found: list[Use] = []
        for lock in self.all:
            if lock.is_settled:
                continue
            lock.trigger = next((u for u in lock.waits if _is_trigger(self._program, colours, u)), None)
            if lock.trigger is not None:
                lock.is_settled = True
                if self._is_between_threads(colours, lock):
                    continue
                lock.concern = self._problem(colours, lock)
                lock.converts = not lock.concern
                found.extend(lock.waits if lock.converts else ())
        return found

    def _is_between_threads(self, colours: Colours, lock: Lock) -> bool:
        """Do only threads that run a loop each take the lock? Then it stays what it is."""
        around = _with_callers(colours, {u.function for u in lock.waits})
        return all(_runs_in_a_thread(self._program, f) for f in around if not colours.callers(f))

    def _problem(self, colours: Colours, lock: Lock) -> str:
        """Why the lock can't become asyncio's."""
        for use in lock.uses:
            place = f"{use.function.source.path}:{use.node.lineno}"
            if use.kind == "odd":
                return f"{use.what} ({place})"
            if self._program.stays_sync(use.function):
                return f"it is used in {place}, which stays sync"
            if use.kind == "plain" and "threading.Event" in lock.classes and not colours.may_await(use.function):
                return f"{use.function.qualname or place} may run in another thread"
        users = {u.function for u in lock.waits}
        for function in sorted(_with_callers(colours, users), key=lambda f: f.key):
            boundary = None if colours.may_await(function) else boundary_of(self._program, function)
            if boundary is not None and boundary.kind not in {"entry", "module"}:
                return f"{function.qualname} takes it and stays sync: {boundary.why}"
        if any(_runs_in_a_thread(self._program, f) for f in _with_callers(colours, users)):
            return "threads with event loops of their own share it, which a lock of asyncio can't serve"
        again = _taken_again(colours, users) if "threading.RLock" in lock.classes else None
        return f"{again.qualname} may take it again while it is held, which a lock of asyncio can't be" if again else ""


def _with_callers(colours: Colours, functions: Iterable[Function]) -> set[Function]:
    """Functions and all that call them."""
    found = set(functions)
    pending = list(found)
    while pending:
        new = colours.callers(pending.pop()) - found
        found |= new
        pending.extend(new)
    return found


def _runs_in_a_thread(program: Program, function: Function) -> bool:
    return "starts" in {policy for policy, _ in program.handed(function)}


def _taken_again(colours: Colours, users: set[Function]) -> Function | None:
    """A user that another one, or itself, reaches."""
    for user in sorted(users, key=lambda f: f.key):
        if again := colours.reached(colours.callees(user)) & users:
            return min(again, key=lambda f: f.key)
    return None


# What triggers a lock's change


def _is_trigger(program: Program, colours: Colours, use: Use) -> bool:
    """Is something awaited, that was not before, while the lock is held, or is the lock waited for like an event?"""
    function, source = use.function, use.function.source
    sites = [s.node for s in colours.sites_of(function)] if colours.may_await(function) else []
    if use.kind == "with":
        statement = source.parents[source.parents[use.node]]
        assert isinstance(statement, ast.With)
        index = [i.context_expr for i in statement.items].index(use.node)
        held: list[ast.AST] = [*statement.items[index + 1 :], *statement.body]
        return any(_is_within(source, s, held) for s in sites) or (
            _yields(function, source, held) and _is_held_by_others(program, colours, function)
        )
    assert isinstance(use.node, ast.Call)
    if isinstance(use.node.func, ast.Attribute) and use.node.func.attr != "acquire":
        return function in colours.reasons or bool(sites)
    released = max((n.lineno for n in filter(_releases, function.own_nodes())), default=use.node.lineno)
    return any(use.node.lineno < s.lineno <= released for s in sites)


def _is_within(source: Source, node: ast.AST, parts: Iterable[ast.AST]) -> bool:
    parts = list(parts)
    current: ast.AST | None = node
    while current is not None:
        if current in parts:
            return True
        current = source.parents.get(current)
    return False


def _yields(function: Function, source: Source, held: list[ast.AST]) -> bool:
    return any(isinstance(n, ast.Yield) and _is_within(source, n, held) for n in function.own_nodes())


def _is_held_by_others(program: Program, colours: Colours, function: Function) -> bool:
    """Does what enters a context manager await inside, or may it?"""
    if any(policy == "awaits" for policy, _ in program.handed(function)):
        return True
    for caller in colours.callers(function):
        for node in caller.own_nodes():
            if isinstance(node, ast.With) and any(_enters(program, i.context_expr, function) for i in node.items):
                body: list[ast.AST] = list(node.body)
                if any(_is_within(caller.source, s.node, body) for s in colours.sites_of(caller)):
                    return True
    return False


def _enters(program: Program, node: ast.expr, function: Function) -> bool:
    return any(isinstance(v, Context) and v.key == function.key for v in program.values(node))


def _releases(node: ast.AST) -> TypeGuard[ast.Call]:
    return isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr == "release"


# Finding them


def _collected(program: Program) -> list[Lock]:
    found: list[tuple[frozenset[str], frozenset[str], Use | None]] = []
    if not any(b"threading" in source.content for source in program.sources.values()):
        return []
    for function in program.functions:
        for node in function.own_nodes():
            values = program.values(node) if isinstance(node, ast.expr) else NOTHING
            locks = [v for v in values if isinstance(v, Instance) and is_lock(v.cls)]
            origins = frozenset(v.origin for v in locks if v.origin)
            if origins:
                assert isinstance(node, ast.expr)
                found.append((origins, frozenset(v.cls for v in locks), _use(program, function, node)))
    return _grouped(found)


def is_lock(cls: str) -> bool:
    """Is a library's class one of threads that asyncio has a counterpart for?"""
    known = library().classes.get(cls)
    return known is not None and known.on_loop.startswith("asyncio.")


def _grouped(found: list[tuple[frozenset[str], frozenset[str], Use | None]]) -> list[Lock]:
    """Locks that meet at a use are one."""
    leader: dict[str, str] = {}

    def find(origin: str) -> str:
        while leader.setdefault(origin, origin) != origin:
            origin = leader[origin]
        return origin

    for origins, _, _ in found:
        first, *others = sorted(origins)
        for other in others:
            leader[find(other)] = find(first)
    groups: defaultdict[str, list[tuple[frozenset[str], frozenset[str], Use | None]]] = defaultdict(list)
    for item in found:
        groups[find(min(item[0]))].append(item)
    return [
        Lock(
            frozenset().union(*(origins for origins, _, _ in items)),
            frozenset().union(*(classes for _, classes, _ in items)),
            [use for _, _, use in items if use is not None],
        )
        for _, items in sorted(groups.items())
    ]


def _use(program: Program, function: Function, node: ast.expr) -> Use | None:
    """What is done with a lock where it is read."""
    source = function.source
    parent = source.parents.get(node)
    match parent:
        case ast.withitem():
            return Use(function, node, "with" if isinstance(source.parents[parent], ast.With) else "plain")
        case ast.Attribute(attr=method):
            return _method(function, source, parent, method)
        case ast.Call(args=args) if node in args and not _passes_on(program, parent):
            return Use(function, node, "odd", f"it is handed to {program.short(source, parent.func)}")
    return None


def _method(function: Function, source: Source, node: ast.Attribute, method: str) -> Use:
    call = source.parents.get(node)
    if isinstance(call, ast.Call) and call.func is node:
        if method in PLAIN:
            return Use(function, call, "plain")
        if WAITING.get(method) == len(call.args) and not call.keywords:
            return Use(function, call, "await")
        if method in WAITING:
            return Use(function, call, "odd", ENDLESS)
    return Use(function, node, "odd", f"its {method} is asked for")


def _passes_on(program: Program, call: ast.Call) -> bool:
    """Does a call only let the lock flow on: into a project's function, a container, or a condition made of it?"""
    callees = program.values(call.func)
    return bool(callees) and all(
        isinstance(v, FunctionObject | ClassObject)
        or (isinstance(v, External) and (isinstance(v.receiver, Many | Table) or v.name in {"print", "id"}))
        for v in callees
    )
