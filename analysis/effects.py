"""Effects: functions after which the objects of the caller's session may be expired, because they roll back.

An effect travels up from a rollback through the calls that lead to it; it matters whether the function then returns or
raises, since after a raise only handlers go on.
"""

from __future__ import annotations

import ast
from collections import defaultdict, deque
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

from .bindings import is_store
from .conversions import lost
from .fixtures import is_test
from .order import following, may_follow
from .requested import Requests
from .source import Source
from .symbols import Function, dotted
from .test_reach import in_tests
from .values import FunctionObject, Generated

if TYPE_CHECKING:
    from .colours import Colours
    from .program import Program

# What expires all objects of a session, and what expires some.
EXPIRING_ALL = frozenset({"rollback", "expire_all"})
EXPIRING = EXPIRING_ALL | {"expire"}
SUPPRESSING = frozenset({"raises", "suppress", "assertRaises", "assertRaisesRegex"})
# It recovers: a handler of any exception rolled back, and went on.
RETURNS, RAISES, RECOVERS = "returns", "raises", "recovers"
ANY_EXCEPTION = frozenset({"Exception", "BaseException"})


def expires(program: Program, node: ast.AST) -> bool:
    """Is this a rollback, or an `expire`, on a session that becomes async?"""
    match node:
        case ast.Call(func=ast.Attribute(value=session, attr=method)) if method in EXPIRING:
            values = program.values(session)
            return program.is_session(values) and program.becomes_async(values)
    return False


@dataclass(frozen=True, eq=False, slots=True)
class Event:
    """Objects may be expired behind `node`: a call, or what goes on after one that has raised.

    `columns`: only these, which were given SQL expressions; `classes`: only objects of these; `names`: only what these
    variables hold, which `node` binds; empty for all.
    """

    node: ast.expr | ast.stmt
    why: str
    is_direct: bool = False
    columns: frozenset[str] = frozenset()
    classes: frozenset[str] = frozenset()
    names: frozenset[str] = frozenset()


class Effects:
    """Which functions expire objects of the session that they are given, and how they end then."""

    def __init__(self, program: Program, colours: Colours) -> None:
        self._program = program
        self._calls = {f: [*colours.calls_in(f), *self._streams(f), *self._wrappers(f)] for f in program.functions}
        self._callers: defaultdict[Function, list[tuple[Function, ast.expr]]] = defaultdict(list)
        for caller, calls in self._calls.items():
            for callee, place in calls:
                self._callers[callee].append((caller, place))
        self._ends: dict[Function, set[str]] = {}
        pending: deque[tuple[Function, str]] = deque()
        for function in program.functions:
            for node in function.own_nodes():
                if expires(program, node) and not is_own_session(program, function, node):
                    is_any = _handles_anything(function.source, node)
                    pending.extend((function, _after_all(e, is_any)) for e in _endings(function.source, node))
        while pending:
            function, ending = pending.popleft()
            known = self._ends.setdefault(function, set())
            if ending not in known:
                known.add(ending)
                for caller, place in self._callers[function]:
                    behind = _after(caller.source, place, ending)
                    is_any = ending == RECOVERS
                    pending.extend((caller, _after_all(e, is_any)) for n in behind for e in _endings(caller.source, n))
                    if not behind:
                        pending.append((caller, RAISES))
        self._requests = Requests(program, colours, self)
        self._lost: defaultdict[Function, set[str]] = defaultdict(set)
        losing = deque(lost(program))
        while losing:
            function, column = losing.popleft()
            if column not in self._lost[function]:
                self._lost[function].add(column)
                losing.extend((caller, column) for caller, _ in self._callers[function])

    def _streams(self, function: Function) -> Iterator[tuple[Function, ast.expr]]:
        """What a function runs through with `async for`."""
        for node in function.own_nodes():
            if isinstance(node, ast.AsyncFor) or (isinstance(node, ast.comprehension) and node.is_async):
                for value in self._program.values(node.iter):
                    if isinstance(value, Generated):
                        yield self._program.function(value.key), node.iter

    def _wrappers(self, function: Function) -> Iterator[tuple[Function, ast.expr]]:
        """What decorators have put around the functions that a function calls."""
        for node in function.own_nodes():
            if isinstance(node, ast.Call):
                for value in self._program.values(node.func):
                    if isinstance(value, FunctionObject):
                        yield from ((self._program.function(key), node) for key in value.wrappers)

    def ends(self, function: Function) -> set[str]:
        """How a function ends after it has expired objects; empty when it never does."""
        return self._ends.get(function, set())

    def callers(self, function: Function) -> list[tuple[Function, ast.expr]]:
        """The functions that call a function, each with the place where they do."""
        return self._callers[function]

    def is_tried_again(self, wrapper: Function, function: Function) -> bool:
        """Does a wrapper roll back and call then, once more, what it stands around?"""
        again = [node for callee, node in self._calls[wrapper] if callee is function]
        return any(may_follow(wrapper.source, e.node, node) for e in self.events(wrapper) for node in again)

    def events(self, function: Function) -> Iterator[Event]:
        """Where a function, what it calls, or the test that runs while it stands still may expire objects."""
        yield from self._events(function)
        if function in self._users:
            why = f"{self._users[function].qualname}, which asks for it, may expire it"
            yield from (Event(n, why) for n in function.own_nodes() if isinstance(n, ast.Yield))

    def _events(self, function: Function) -> Iterator[Event]:
        for node in function.own_nodes():
            if expires(self._program, node):
                assert isinstance(node, ast.Call)
                yield Event(node, f"{function.source.text(node.func)}() expires it", is_direct=True)
        endings = {RETURNS, RAISES} if _expects_no_errors(function) else {RETURNS, RAISES, RECOVERS}
        for callee, node in self._calls[function]:
            for ending in sorted(self.ends(callee) & endings):
                for behind in _after(function.source, node, ending):
                    yield Event(behind, f"{callee.qualname} may roll back, which expires it")
            if columns := frozenset(self._lost.get(callee, ())):
                why = f"{callee.qualname} gives it an SQL expression, whose value has to be loaded"
                yield Event(node, why, columns=columns)
        for request, cause in self._requests.expiring(function):
            yield Event(request, f"{cause.qualname}, of the application, expires it in the session that both have")

    @cached_property
    def _users(self) -> dict[Function, Function]:
        """Fixtures that go on behind a test which may have expired objects, each with such a test."""
        fixtures = self._program.interpreter.fixtures
        users: dict[Function, Function] = {}
        for test in filter(is_test, self._program.functions):
            asked = [f for f in fixtures.asked_for(test)[1:] if f.is_generator and f not in users]
            if asked and next(self._events(test), None) is not None:
                users |= dict.fromkeys(asked, test)
        return users


def _expects_no_errors(function: Function) -> bool:
    """Is it a test that makes nothing fail? It does not see to what is done after any error."""
    return in_tests(function) and not any(
        (isinstance(n, ast.Attribute) and n.attr == "side_effect")
        or (isinstance(n, ast.Call) and "side_effect" in {k.arg for k in n.keywords})
        for n in function.own_nodes()
    )


def _handles_anything(source: Source, node: ast.AST) -> bool:
    """Does a node stand in what handles an exception of any kind?"""
    current: ast.AST | None = node
    while current is not None and not isinstance(current, ast.FunctionDef | ast.AsyncFunctionDef):
        if isinstance(current, ast.ExceptHandler) and (current.type is None or dotted(current.type) in ANY_EXCEPTION):
            return True
        current = source.parents.get(current)
    return False


def _after_all(ending: str, handles_anything: bool) -> str:
    return RECOVERS if handles_anything and ending == RETURNS else ending


def _endings(source: Source, node: ast.AST) -> set[str]:
    """How a function may end behind a node: a branch, or the next turn of a loop, may return before another raises."""
    found: set[str] = set()
    current, parent = node, source.parents.get(node)
    while parent is not None and not isinstance(current, ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda):
        if isinstance(current, ast.For | ast.AsyncFor | ast.While) and any(map(_returns, current.body)):
            found.add(RETURNS)
        for statement in following(source, [current]):
            if isinstance(statement, ast.Return | ast.Raise):
                return found | {RAISES if isinstance(statement, ast.Raise) else RETURNS}
            if statement is not current and _returns(statement):
                found.add(RETURNS)
        current, parent = parent, source.parents.get(parent)
    return found | {RETURNS}


def _returns(statement: ast.stmt | ast.excepthandler | ast.match_case) -> bool:
    """May a statement, or a clause of one, return from its function?"""
    if isinstance(statement, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
        return False
    children = (c for c in ast.iter_child_nodes(statement))
    return isinstance(statement, ast.Return) or any(
        _returns(c) for c in children if isinstance(c, ast.stmt | ast.excepthandler | ast.match_case)
    )


def _after(source: Source, call: ast.expr, ending: str) -> Sequence[ast.expr | ast.stmt]:
    """Where control goes on in the caller: behind the call, or in what catches the exception."""
    if ending != RAISES:
        return [call]
    child: ast.AST = call
    parent = source.parents.get(child)
    while parent is not None and not isinstance(parent, ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda):
        match parent:
            case ast.Try(body=body, handlers=handlers) if child in body and handlers:
                return [h.body[0] for h in handlers]
            case ast.With(items=items) if any(_suppresses(i.context_expr) for i in items) and child in parent.body:
                return [parent]
        child, parent = parent, source.parents.get(parent)
    return []


def _suppresses(node: ast.expr) -> bool:
    return isinstance(node, ast.Call) and dotted(node.func).rpartition(".")[2] in SUPPRESSING


def is_own_session(program: Program, function: Function, node: ast.AST) -> bool:
    """Was the session made in the function, so that no caller holds objects of it?"""
    assert isinstance(node, ast.Call)
    assert isinstance(node.func, ast.Attribute)
    session = node.func.value
    if not isinstance(session, ast.Name):
        return False
    parameters = {p.arg for p in function.parameters()}
    stores = [n for n in function.own_nodes() if isinstance(n, ast.Name) and n.id == session.id and is_store(n)]
    return (
        session.id not in parameters
        and bool(stores)
        and not any(
            isinstance(n, ast.Name) and n.id in parameters and program.is_session(program.values(n))
            for store in stores
            for n in ast.walk(_binding(function.source, store))
        )
    )


def _binding(source: Source, name: ast.Name) -> ast.AST:
    """What gives a variable its value: `session = given or SessionLocal()`, an item of a with statement."""
    node: ast.AST = name
    while not isinstance(node, ast.stmt | ast.withitem | ast.NamedExpr | ast.comprehension):
        node = source.parents[node]
    return node.iter if isinstance(node, ast.For | ast.AsyncFor) else node
