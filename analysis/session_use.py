"""Sessions, connections and engines that are used as sync ones, and who reaches that, at any depth."""

from __future__ import annotations

import ast
from collections import defaultdict, deque
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

from .calling import edges, runs_on_loop, tests_aside
from .decisions import Step
from .library import library
from .once import once
from .symbols import Function
from .usage import Fate, fate_of
from .values import ClassObject, External, Instance, Value, Values

if TYPE_CHECKING:
    from .program import Program

LEGACY = "query"
MAKERS = ("sqlalchemy.orm.sessionmaker", "sqlalchemy.orm.scoped_session")


@once
def _async_classes(program: Program) -> frozenset[str]:
    return frozenset(c.asynchronous for c in library().classes.values() if _is_database(c.name) and c.asynchronous)


def _is_database(cls: str) -> bool:
    return cls.startswith(("sqlalchemy.", "sqlmodel."))


def is_async_database(program: Program, values: Values) -> bool:
    """Can this be an async session, connection, engine or factory?"""
    objects = program.interpreter.objects
    return any(
        isinstance(v, Instance) and not _async_classes(program).isdisjoint(objects.ancestry(v.cls)) for v in values
    )


def is_sync_database(program: Program, values: Values) -> bool:
    """Can this be a sync session, connection, engine or transaction?"""
    return any(isinstance(v, Instance) and _is_sync_class(program, v.cls) for v in values)


def _is_sync_class(program: Program, cls: str) -> bool:
    return _is_database(program.converted_class(cls))


@once
def makes_sync_sessions(program: Program) -> bool:
    """Does the project, its suite aside, make sync sessions anywhere?"""
    nodes = (n for f in tests_aside(program) for n in f.own_nodes() if isinstance(n, ast.Call))
    return any(_makes_session(program, value) for node in nodes for value in program.values(node.func))


def _makes_session(program: Program, value: Value) -> bool:
    match value:
        case ClassObject(cls=cls):
            return program.interpreter.objects.is_a(cls, "sqlalchemy.orm.Session")
        case Instance(cls=cls):
            return any(program.interpreter.objects.is_a(cls, maker) for maker in MAKERS)
    return False


@dataclass(frozen=True, eq=False, slots=True)
class SyncUse:
    """A place in `function` where a session, connection or engine is used without await, in it or deeper.

    `receiver` is what the deepest call is made on: the expression and its function. `chain` leads there, by `callee`.
    """

    function: Function
    node: ast.expr
    receiver: tuple[Function, ast.expr]
    chain: tuple[Step, ...]
    callee: Function | None = None


class SessionUse:
    """The sync uses of sessions and their like in a program."""

    def __init__(self, program: Program) -> None:
        self._program = program
        self._direct: dict[Function, list[SyncUse]] = {}
        for function in program.functions:
            found = list(self._uses(function))
            if found:
                self._direct[function] = found
        self._effects = self._spread()

    def direct(self, function: Function) -> list[SyncUse]:
        """The calls in a function itself."""
        return self._direct.get(function, [])

    def through_calls(self, function: Function) -> Iterator[SyncUse]:
        """The calls in a function of sync functions that use a session, or call such."""
        seen: set[ast.expr] = set()
        for node, callee in edges(self._program).get(function, ()):
            effect = self._effects.get(callee)
            if effect is not None and node not in seen:
                seen.add(node)
                yield self._step(function, node, callee, effect)

    def _step(self, caller: Function, node: ast.expr, callee: Function, effect: SyncUse) -> SyncUse:
        step = Step(caller.source.site(node), f"calls {callee.qualname}, which is sync")
        return SyncUse(caller, node, effect.receiver, (step, *effect.chain), callee)

    def _uses(self, function: Function) -> Iterator[SyncUse]:
        awaited = {n.value for n in function.own_nodes() if isinstance(n, ast.Await)}
        for node in function.own_nodes():
            if isinstance(node, ast.Call) and node not in awaited:
                receiver = _receiver(self._program, node)
                if receiver is not None and self._is_sync(function, node, receiver):
                    step = Step(function.source.site(node), f"calls {function.source.text(node.func)}()")
                    yield SyncUse(function, node, (function, receiver), (step,))

    def _is_sync(self, function: Function, node: ast.Call, receiver: ast.expr) -> bool:
        """Is the call used as a sync one? What may be a coroutine can be returned for the caller to await."""
        if not is_async_database(self._program, self._program.values(receiver)):
            return True
        is_query = isinstance(node.func, ast.Attribute) and node.func.attr == LEGACY
        return is_query or fate_of(self._program, function, node) in {Fate.DROPPED, Fate.VALUE}

    def _spread(self) -> dict[Function, SyncUse]:
        callers: defaultdict[Function, list[tuple[ast.expr, Function]]] = defaultdict(list)
        for function, calls in edges(self._program).items():
            for node, callee in calls:
                callers[callee].append((node, function))
        found: dict[Function, SyncUse] = {}
        queue = deque((f, uses[0]) for f, uses in self._direct.items())
        while queue:
            function, use = queue.popleft()
            if function in found or runs_on_loop(self._program, function) or function.is_module:
                continue
            found[function] = use
            queue.extend((caller, self._step(caller, node, function, use)) for node, caller in callers[function])
        return found


@once
def session_use(program: Program) -> SessionUse:
    """The sync uses of sessions in a program, worked out once."""
    return SessionUse(program)


def _receiver(program: Program, node: ast.Call) -> ast.expr | None:
    """What a call does sync I/O on: a session, connection, engine, or the engine in `create_all(engine)`."""
    if not isinstance(node.func, ast.Attribute):
        return None
    for value in program.values(node.func):
        if isinstance(value, External) and isinstance(value.receiver, Instance):
            cls, _, method = value.name.rpartition(".")
            if library().is_a(cls, "sqlalchemy.MetaData"):
                return _engine(program, node) if _does_io(value) else None
            if _is_session_method(program, value, method):
                return node.func.value
    return None


def _does_io(value: External) -> bool:
    known = library().method(*value.name.rpartition(".")[::2])
    return known is not None and known.io


def _is_session_method(program: Program, value: External, method: str) -> bool:
    assert isinstance(value.receiver, Instance)
    if method == LEGACY:
        return program.is_session(frozenset({value.receiver}))
    if _is_sync_class(program, value.receiver.cls):
        return _does_io(value) and method not in {"begin", "begin_nested"}
    known = library().method(*value.name.rpartition(".")[::2])
    return (
        known is not None and known.returns.startswith("await[") and is_async_database(program, _alone(value.receiver))
    )


def _alone(value: Value) -> Values:
    return frozenset({value})


def _engine(program: Program, node: ast.Call) -> ast.expr | None:
    """The engine or connection that a schema call is given."""
    given = [*node.args, *(k.value for k in node.keywords)]
    for argument in given:
        values = program.values(argument)
        if is_sync_database(program, values) or is_async_database(program, values):
            return argument
    return None
