"""How the migrated code uses the mocks of a suite: which of their children it awaits, and which it calls as before."""

from __future__ import annotations

import ast
from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from types import MappingProxyType

from ..analysis.colours import AsyncSite
from ..analysis.mocks import AUTOSPEC, CALL, NAMESPACE, PATCH, Patch, Path
from ..analysis.program import Program
from ..analysis.source import Source
from ..analysis.stand_ins import is_async_method, replaced, replaces_async_method
from ..analysis.symbols import Function
from ..analysis.values import Context, FunctionObject, Instance, Mock, Value, Values

ASYNC_KINDS = frozenset({"AsyncMock", "async_stub"})
SPECS = frozenset({"spec", "spec_set"})
ENTERING = frozenset({"__enter__", "__exit__"})


@dataclass(slots=True)
class Use:
    """What happens to one child of a mock: `site` awaits it from now on, or it is awaited already, or called without."""

    site: AsyncSite | None = None
    was_awaited: bool = False
    is_called: bool = False
    is_entered: bool = False

    @property
    def is_async(self) -> bool:
        """Does it become something to be awaited?"""
        return self.site is not None and not self.was_awaited


@dataclass(slots=True)
class MadeMock:
    """A call that makes a mock, and the use of what it makes.

    `uses` and `settings` are by path. `settings` are the assignments that set a child up, `sessions` the session
    classes that a path stands for.
    """

    program: Program
    source: Source
    function: Function
    node: ast.Call
    mock: Mock
    uses: defaultdict[Path, Use] = field(default_factory=lambda: defaultdict(Use))
    settings: defaultdict[Path, list[ast.Assign]] = field(default_factory=lambda: defaultdict(list))
    sessions: defaultdict[Path, set[str]] = field(default_factory=lambda: defaultdict(set))

    @property
    def kind(self) -> str:
        return self.mock.kind

    def has_option(self, *names: str) -> bool:
        """Is one of these keywords given?"""
        return any(k.arg in names for k in self.node.keywords)

    @property
    def has_spec(self) -> bool:
        """Does the mock stand for something that decides what its methods are?"""
        return self.has_option("spec", "spec_set", "wraps") or (bool(self.node.args) and self.kind != PATCH)

    def is_given(self, path: Path) -> bool:
        """Has something been put in the place of this child?"""
        return bool(self.program.interpreter.store.peek("mock", self.mock.origin, *path))

    # What unittest.mock makes of a child by itself

    def is_async_by_itself(
        self, path: Path, kind: str = "", own: Mapping[Path, bool] = MappingProxyType({}), session: str = ""
    ) -> bool:
        """Is the child a coroutine function, when the mock is of that kind and nothing is done but what `own` says?"""
        state = self._root_is_async(kind or self.kind)
        for position, name in enumerate(path):
            specified = self._by_spec(path[:position], name, session)
            if path[: position + 1] in own:
                state = own[path[: position + 1]]
            elif specified is not None:
                state = specified
            elif name in ENTERING:
                state = self.uses[path[:position]].is_entered
            elif name.startswith("__"):
                state = False
        return state

    def _root_is_async(self, kind: str) -> bool:
        if kind in ASYNC_KINDS:
            return True
        if kind == PATCH:
            patches = self.program.interpreter.mocks.patches
            return any(p.node is self.node and self._is_coroutine_function(p) for p in patches)
        return any(self._is_async_function(v) for v in self._spec_values())

    def _is_coroutine_function(self, patch: Patch) -> bool:
        if replaces_async_method(self.program, patch):
            return True
        return any(self.program.is_async_after(f) for f in replaced(self.program, patch))

    def _is_async_function(self, value: Value) -> bool:
        return isinstance(value, FunctionObject) and self.program.is_async_after(self.program.function(value.key))

    def _spec_values(self) -> Values:
        given = [k.value for k in self.node.keywords if k.arg in SPECS]
        if self.kind != PATCH:
            given += self.node.args[:1]
        return frozenset(v for g in given for v in self.program.values(g))

    def _by_spec(self, parent: Path, name: str, session: str) -> bool | None:
        """What the class that the mock stands for says of a method; None where it says nothing."""
        if session and not parent:
            return any(is_async_method(self.program, cls, name) for cls in self.sessions[()])
        if not self.mock.spec or parent not in ({(), (CALL,)} if self.kind == AUTOSPEC else {()}):
            return None
        methods = self.program.methods(self.mock.spec, name)
        if methods:
            return any(self.program.is_async_after(m) and not m.is_generator for m in methods)
        if is_async_method(self.program, self.mock.spec, name):
            return True
        return False if self.program.converted_class(self.mock.spec) else None


class Usage:
    """All mocks of a program, with their use."""

    def __init__(self, program: Program) -> None:
        self._program = program
        self.made: dict[str, MadeMock] = {}
        mocks = program.interpreter.mocks
        for function in program.functions:
            for node in function.own_nodes():
                if isinstance(node, ast.Call):
                    self._note_made(function, node, mocks.made)
        self.awaited, self._entered = _active_sites(program)
        for function in program.functions:
            for node in function.own_nodes():
                self._note(function, node)

    def _note_made(self, function: Function, node: ast.Call, made: dict[str, ast.Call]) -> None:
        origin = f"{function.source.path}:{node.lineno}:{node.col_offset}"
        if made.get(origin) is not node:
            return
        for value in _held(self._program, node):
            if value.origin == origin and not value.path and value.kind != NAMESPACE:
                self.made[origin] = MadeMock(self._program, function.source, function, node, value)

    def _note(self, function: Function, node: ast.AST) -> None:
        match node:
            case ast.Call(func=callee):
                if callee not in self.awaited:
                    for _, use in self.at(callee):
                        if isinstance(function.source.parents.get(node), ast.Await):
                            use.was_awaited = True
                        else:
                            use.is_called = True
                if isinstance(callee, ast.Attribute):
                    self._note_sessions(callee.value)
            case ast.Assign(targets=[ast.Attribute(value=base, attr=name)]):
                child = CALL if name == "return_value" else name
                for mock in _mocks(self._program.values(base)):
                    if mock.origin in self.made:
                        self.made[mock.origin].settings[*mock.path, child].append(node)
        if isinstance(node, ast.expr) and node in self.awaited:
            for _, use in self.at(node):
                use.site = use.site or self.awaited[node]
        if isinstance(node, ast.expr) and node in self._entered:
            self._note_entered(node, self._entered[node])

    def _note_entered(self, node: ast.expr, site: AsyncSite) -> None:
        for _, use in self.at(node):
            use.is_entered = True
        for name in sorted(ENTERING):
            for value in self._program.interpreter.attribute(frozenset(_mocks(self._program.values(node))), name):
                if isinstance(value, Mock) and value.origin in self.made:
                    use = self.made[value.origin].uses[value.path]
                    use.site = use.site or site

    def _note_sessions(self, receiver: ast.expr) -> None:
        values = self._program.values(receiver)
        sessions = {v.cls for v in values if isinstance(v, Instance) and self._program.is_session(frozenset({v}))}
        if sessions:
            for mock in _mocks(values):
                if mock.origin in self.made:
                    self.made[mock.origin].sessions[mock.path] |= sessions

    def at(self, node: ast.expr) -> Iterator[tuple[MadeMock, Use]]:
        """The mocks that an expression can be, with the use of the child that it is."""
        for mock in _mocks(self._program.values(node)):
            if mock.origin in self.made:
                made = self.made[mock.origin]
                yield made, made.uses[mock.path]


def _active_sites(program: Program) -> tuple[dict[ast.expr, AsyncSite], dict[ast.expr, AsyncSite]]:
    """What is awaited from now on (callee expressions), and what is entered with `async with`."""
    awaited: dict[ast.expr, AsyncSite] = {}
    entered: dict[ast.expr, AsyncSite] = {}
    for site in program.colours.sites():
        if not program.colours.may_await(site.function):
            continue
        match site.kind, site.node:
            case "await", ast.Call(func=callee):
                awaited.setdefault(callee, site)
            case "thread", ast.Call(args=[callee, *_]):
                awaited.setdefault(callee, site)
            case "with", node:
                entered.setdefault(node, site)
    return awaited, entered


def _mocks(values: Values) -> list[Mock]:
    return sorted((v for v in values if isinstance(v, Mock) and v.origin), key=repr)


def _held(program: Program, node: ast.Call) -> list[Mock]:
    """The mocks that a call gives, or the context manager that it gives."""
    values = program.values(node)
    inside = frozenset(v for c in values if isinstance(c, Context) for v in c.items)
    return _mocks(values | inside)
