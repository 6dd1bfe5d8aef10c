"""How the migrated code uses the mocks of a suite: which of their children it awaits, and which it calls as before."""

from __future__ import annotations

import ast
from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from ..analysis.async_sites import AsyncSite
from ..analysis.decisions import Decision
from ..analysis.mocks import CALL, NAMESPACE, OWN, Patch, Path, is_below
from ..analysis.program import Program
from ..analysis.reach import Reach, Users
from ..analysis.source import Source
from ..analysis.stand_ins import gives_result, is_test_code, replaces_async_method
from ..analysis.symbols import Function
from ..analysis.values import Context, Instance, Mock, Values
from .mock_queries import QUERY, MockedQueries
from .window_calls import is_run

MOCK_NAMES = OWN | {"return_value", QUERY}
# Stands for all children of which nothing is known.
ANY = "*"


@dataclass(slots=True)
class Use:
    """What happens to one child of a mock.

    `site` awaits it from now on, `entering` enters it with `async with` from now on; `was_awaited` and `is_called` say
    that it is awaited already, and that it is called without.
    """

    site: AsyncSite | None = None
    entering: AsyncSite | None = None
    was_awaited: bool = False
    is_called: bool = False

    @property
    def is_async(self) -> bool:
        """Does it become something to be awaited?"""
        return self.site is not None and not self.was_awaited


@dataclass(frozen=True, slots=True)
class Image:
    """A legacy query on a mock: the path to its end, and that to the end of the statement in its place."""

    old: Path
    new: Path
    function: Function
    node: ast.expr


@dataclass(slots=True)
class MadeMock:
    """A call that makes a mock, and the use of what it makes; `patches` is what the call replaces, where it patches.

    `reach` is what can run while the mock is in use (None: everything). By path: `uses`, the assignments that set a
    child up (`settings`), and the session classes that a child stands for (`sessions`). `awaited_anywhere` are the
    paths that something awaits, be it out of reach, `images` the legacy queries on the mock, `staying` the ends of
    those that stay as they are, `names` the attributes that are read or set.
    """

    source: Source
    function: Function
    node: ast.Call
    mock: Mock
    reach: frozenset[Function] | None
    patches: tuple[Patch, ...] = ()
    uses: defaultdict[Path, Use] = field(default_factory=lambda: defaultdict(Use))
    settings: defaultdict[Path, list[ast.Assign]] = field(default_factory=lambda: defaultdict(list))
    sessions: defaultdict[Path, set[str]] = field(default_factory=lambda: defaultdict(set))
    awaited_anywhere: set[Path] = field(default_factory=set)
    images: list[Image] = field(default_factory=list)
    staying: list[tuple[Function, Path]] = field(default_factory=list)
    names: defaultdict[Path, set[str]] = field(default_factory=lambda: defaultdict(set))

    def has_option(self, *names: str) -> bool:
        """Is one of these keywords given?"""
        return any(k.arg in names for k in self.node.keywords)

    def is_reached_by(self, function: Function) -> bool:
        """Can the function run while the mock is in use?"""
        return self.reach is None or function in self.reach

    def image(self, path: Path) -> Path:
        """Where something that is set up on a legacy query is from now on; the path itself where it stays."""
        for image in self.images:
            if path == image.old or is_below(path, image.old):
                return (*image.new, *path[len(image.old) :])
            if path[:-1] == image.old[:-1]:
                return (*image.new[:-1], path[-1])
            if (*path, CALL) == image.old and image.new[-1] == CALL:
                return image.new[:-1]
        if QUERY not in path or path[-1] != CALL:
            return path
        results = {i.new[: last_index(path, QUERY) + 2] for i in self.images if is_below(i.old, path)}
        return results.pop() if len(results) == 1 else path


class Usage:
    """All mocks of a program, with their use where the legacy queries are rewritten as `decisions` say.

    `awaited` are the expressions that are called and awaited from now on.
    """

    def __init__(self, program: Program, decisions: Iterable[Decision]) -> None:
        self._program = program
        self._users, self._reach = Users(program), Reach(program)
        self.made: dict[str, MadeMock] = {}
        for function in program.functions:
            for node in function.own_nodes():
                if isinstance(node, ast.Call):
                    self._note_made(function, node)
        self.awaited, self._entered = _active_sites(program)
        self.queries = MockedQueries(program, decisions)
        self._note_patches()
        self._note_queries()
        for function in program.functions:
            for node in function.own_nodes():
                self._note(function, node)

    def reach_from(self, function: Function) -> frozenset[Function] | None:
        """What can run together with a function of the suite; None: everything."""
        users = self._users.of(function)
        return None if users is None else self._reach.of(users)

    def at(self, node: ast.expr) -> Iterator[tuple[MadeMock, Use]]:
        """The mocks that an expression can be, with the use of the child that it is."""
        for mock in _mocks(self._program.values(node)):
            if mock.origin in self.made:
                made = self.made[mock.origin]
                yield made, made.uses[made.image(mock.path)]

    def keep_queries(self, children: Iterable[tuple[str, Path]]) -> None:
        """Children of a mocked session's `query` are still set up, which a mock of an async session has to bear."""
        for origin, path in children:
            if QUERY in path:
                self.made[origin].uses[path[: last_index(path, QUERY) + 1]].is_called = True

    # Collecting

    def _note_made(self, function: Function, node: ast.Call) -> None:
        origin = f"{function.source.path}:{node.lineno}:{node.col_offset}"
        if self._program.interpreter.mocks.made.get(origin) is not node:
            return
        for mock in _held(self._program, node):
            if mock.origin == origin and not mock.path and mock.kind != NAMESPACE:
                reach = self.reach_from(self._decorated(function, node))
                patches = tuple(p for p in self._program.interpreter.mocks.patches if p.node is node)
                self.made[origin] = MadeMock(function.source, function, node, mock, reach, patches)

    def _decorated(self, function: Function, node: ast.Call) -> Function:
        """The function that a call decorates, or else the one that it stands in."""
        parent = function.source.parents.get(node)
        return self._program.interpreter.by_node.get(parent, function) if parent is not None else function

    def _note(self, function: Function, node: ast.AST) -> None:
        match node:
            case ast.Call(func=callee):
                if callee not in self.awaited and node not in self.queries.calls:
                    self._note_call(function, node)
                if isinstance(callee, ast.Attribute):
                    self._note_session(function, callee.value)
                for mapping in _unpacked(node):
                    for made, path in self._met(function, mapping):
                        made.uses[made.image((*path, "keys"))].is_called = True
            case ast.Assign(targets=[ast.Attribute(value=base, attr=name)]) if is_test_code(function):
                child = CALL if name == "return_value" else name
                for made, path in self._met(function, base):
                    made.settings[made.image((*path, child))].append(node)
        if isinstance(node, ast.Attribute) and node.attr not in MOCK_NAMES:
            for made, path in self._met(function, node.value):
                made.names[path].add(node.attr)
        if isinstance(node, ast.expr) and node in self.awaited:
            for mock in _mocks(self._program.values(node)):
                if mock.origin in self.made:
                    self.made[mock.origin].awaited_anywhere.add(mock.path)
            for made, path in self._met(function, node):
                use = made.uses[made.image(path)]
                use.site = use.site or self.awaited[node]
        if isinstance(node, ast.expr) and node in self._entered:
            self._note_entered(function, node, self._entered[node])

    def _note_patches(self) -> None:
        """Mocks in the place of a library's methods: what they are called with is not followed, but what is awaited."""
        for patch in self._program.interpreter.mocks.patches:
            if not replaces_async_method(self._program, patch):
                continue
            for mock in _mocks(patch.replacement):
                made = self.made.get(mock.origin)
                function = self._program.function_at(made.source, patch.node) if made is not None else None
                if made is None or function is None or mock.path:
                    continue
                made.uses[()].site = AsyncSite(function, patch.node, "await", None, f"replaces {patch.name}")
                if gives_result(patch):
                    made.uses[CALL, ANY].is_called = True

    def _note_queries(self) -> None:
        """What stands for legacy queries: the session's method is awaited, those of the result are called."""
        for function, mocks in self.queries.staying:
            for mock in mocks:
                if mock.origin in self.made and self.made[mock.origin].is_reached_by(function):
                    self.made[mock.origin].staying.append((function, (*mock.path, CALL)))
        for query in self.queries.executed:
            for mock in query.mocks:
                made = self.made.get(mock.origin)
                if made is None or not made.is_reached_by(query.function):
                    continue
                if QUERY not in mock.path:
                    # A mock that a test has put in the place of a query: it stands for the result now.
                    if len(query.new) > 2:
                        made.images.append(Image((*mock.path, CALL), query.new[2:], query.function, query.node))
                    continue
                session = mock.path[: last_index(mock.path, QUERY)]
                new = (*session, *query.new)
                made.images.append(Image((*mock.path, CALL), new, query.function, query.node))
                sending, *reading = [new[:at] for at in range(len(session), len(new)) if new[at] == CALL]
                made.uses[sending].site = query.site
                made.uses[sending].is_called |= query.site is None
                for path in reading:
                    made.uses[path].is_called = True

    def _note_call(self, function: Function, node: ast.Call) -> None:
        is_awaited = isinstance(function.source.parents.get(node), ast.Await)
        for made, path in self._met(function, node.func):
            if QUERY in path and any(is_below(i.old, path) for i in made.images):
                continue
            use = made.uses[made.image(path)]
            if is_awaited:
                use.was_awaited = True
            else:
                use.is_called = True

    def _note_entered(self, function: Function, node: ast.expr, site: AsyncSite) -> None:
        for made, path in self._met(function, node):
            made.uses[path].entering = site
        mocks = frozenset(_mocks(self._program.values(node)))
        for name in ("__enter__", "__exit__"):
            for mock in _mocks(self._program.interpreter.attribute(mocks, name)):
                if mock.origin in self.made and not mock.path:
                    self.made[mock.origin].uses[()].site = site

    def _note_session(self, function: Function, receiver: ast.expr) -> None:
        values = self._program.values(receiver)
        sessions = {v.cls for v in values if isinstance(v, Instance) and self._program.is_session(frozenset({v}))}
        if sessions:
            for made, path in self._met(function, receiver):
                made.sessions[path] |= sessions

    def _met(self, function: Function, node: ast.expr) -> Iterator[tuple[MadeMock, Path]]:
        """The mocks that an expression can be when its function runs while they are in use."""
        for mock in _mocks(self._program.values(node)):
            made = self.made.get(mock.origin)
            if made is not None and made.is_reached_by(function):
                yield made, mock.path


def _active_sites(program: Program) -> tuple[dict[ast.expr, AsyncSite], dict[ast.expr, AsyncSite]]:
    """What is awaited or run from now on (callee expressions), and what is entered with `async with`."""
    awaited: dict[ast.expr, AsyncSite] = {}
    entered: dict[ast.expr, AsyncSite] = {}
    for site in program.colours.sites():
        if not (program.colours.may_await(site.function) or is_run(program, site)):
            continue
        match site.kind, site.node:
            case "await", ast.Call(func=callee):
                awaited.setdefault(callee, site)
            case "thread", ast.Call(args=[callee, *_]):
                awaited.setdefault(callee, site)
            case "with", node:
                entered.setdefault(node, site)
    return awaited, entered


def _unpacked(node: ast.Call) -> Iterator[ast.expr]:
    """The arguments of a call that are asked for their keys, as a mapping is."""
    match node.func:
        case ast.Name(id="dict") | ast.Attribute(attr="update"):
            yield from node.args[:1]
    yield from (k.value for k in node.keywords if k.arg is None)


def last_index(path: Path, name: str) -> int:
    return max(position for position, part in enumerate(path) if part == name)


def _mocks(values: Values) -> list[Mock]:
    return sorted((v for v in values if isinstance(v, Mock) and v.origin), key=repr)


def _held(program: Program, node: ast.Call) -> list[Mock]:
    """The mocks that a call gives, or the context manager that it gives."""
    values = program.values(node)
    return _mocks(values | {v for c in values if isinstance(c, Context) for v in c.items})
