"""Colours: which functions have to become async, because of which call, and where that can't go on.

A function that holds a seed (I/O on a session, connection, engine, or a test client) becomes async; so do its callers,
up to the boundaries; the members of an override family share one colour. Every function keeps the site that made it so,
and through it the chain down to the seed.

A place where sync code runs a coroutine to its end (a bridge) is a weak seed: it makes its function async only where
async code reaches that function. Where sync code starts a loop of its own it stays.
"""

from __future__ import annotations

import ast
from collections import defaultdict, deque
from collections.abc import Collection, Iterable, Iterator
from typing import TYPE_CHECKING

from .application_factories import ApplicationFactory, application_factory
from .async_sites import AsyncSite, all_sites, bridge_site
from .boundaries import Boundary, boundary_of
from .bridges import with_parents
from .caching import gives_tasks
from .clients import Clients
from .decisions import Step
from .families import families
from .loads import find_loads, implicit_loads
from .locks import Locks
from .scripts import Script, script
from .seen import seen_sites
from .sleeps import Sleeps
from .stacks import Stacks
from .stand_ins import is_test_code, stand_ins
from .symbols import Function
from .unknown_receivers import unknown_receivers
from .unstarted_clients import unstarted_clients
from .windows import LoopsOfWindows, around_windows, is_of_window

if TYPE_CHECKING:
    from .program import Program


class Colours:
    """The colour of every function after the migration."""

    def __init__(self, program: Program) -> None:
        self._program = program
        self.reasons: dict[Function, AsyncSite] = {}
        self.boundaries: dict[Function, Boundary] = {}
        self.forced: dict[Function, Function] = {}
        # Entries that code calls while a loop runs: their bodies become functions of their own.
        self.split: set[Function] = set()
        # Modules whose bodies move into a coroutine function, all or in part.
        self.scripts: dict[Function, Script] = {}
        # What makes an application, and hands to its start what it would have to wait for.
        self.factories: dict[Function, ApplicationFactory] = {}
        self._sites: defaultdict[Function, list[AsyncSite]] = defaultdict(list)
        self._callers: defaultdict[Function, list[AsyncSite]] = defaultdict(list)
        self.families = families(program)
        self._stand_ins = list(stand_ins(program))
        self._running: set[Function] = set()
        self.windows = LoopsOfWindows(program, self)
        self._weak = self._bridges()
        self.clients = Clients(program)
        held_back = self._seed()
        self._keep_factories()
        self._keep_windows()
        self._colour_clients(held_back)
        self.scripts = dict(self._scripts())
        self._spread()
        self.loads = find_loads(program, self)
        self._spread_from(implicit_loads(program, self.loads))
        self._keep_windows()
        self.locks = Locks(program)
        self.sleeps = Sleeps(program)
        self.stacks = Stacks(program)
        while waits := list(self._waits()):
            self._spread_from(waits)

    def _seed(self) -> list[AsyncSite]:
        """Spread from what sends queries; the uses of test clients, which wait until the application's colours are
        known."""
        program, held_back, seeds = self._program, list[AsyncSite](), list[AsyncSite]()
        for site in [*all_sites(program), *unknown_receivers(program), *seen_sites(program)]:
            is_client = site.callee is None and self.clients.at(site.node)
            (held_back if is_client else seeds).append(site)
        self._spread_from(seeds)
        return held_back

    def _colour_clients(self, uses: list[AsyncSite]) -> None:
        self.clients.settle(uses, self.is_changed, self.factories)
        asynchronous = [use for use in uses if not self.clients.why_sync(use.node)]
        starts = unstarted_clients(self._program, self.clients, self.factories.values(), uses)
        self._spread_from([*asynchronous, *starts])

    def _spread_from(self, sites: Iterable[AsyncSite]) -> None:
        for site in sites:
            self._note(site)
        self._spread()

    def _waits(self) -> Iterator[AsyncSite]:
        """What has to be awaited because of what is async already: sleeping, and locks that are held meanwhile."""
        for function, call in self.sleeps.settle(self):
            if self.is_left(function, call):
                continue
            yield AsyncSite(function, call, "sleep", None, f"sleeps: {self._program.short(function.source, call)}")
        for function, node, kind in self.stacks.settle(self):
            yield AsyncSite(function, node, kind, None, "ends a stack that holds something async")
        for use in self.locks.settle(self):
            what = f"waits for {self._program.short(use.function.source, use.node)}"
            yield AsyncSite(use.function, use.node, use.kind, None, what)

    def _keep_windows(self) -> None:
        """Begin again, once who calls what runs a loop of its own is known."""
        while around := around_windows(self._program, self):
            self._program.windows |= around
            self._begin_again()

    def _keep_factories(self) -> None:
        """Begin again without the factories of applications that need not wait themselves."""
        found = [application_factory(self._program, f, self.sites_of(f)) for f in self.reasons]
        self.factories = {f.function: f for f in found if f and not f.obstacle}
        if self.factories:
            self._begin_again()

    def _begin_again(self) -> None:
        for known in (self.reasons, self.boundaries, self.forced, self.split):
            known.clear()
        self._weak = self._bridges()
        for sites in self._sites.values():
            sites[:] = [s for s in sites if s.kind != "bridge"]
        self._spread()

    def _bridges(self) -> list[AsyncSite]:
        return [bridge_site(self._program, run) for run in self._program.bridges.sites.values()]

    def _note(self, site: AsyncSite) -> None:
        self._sites[site.function].append(site)
        if site.callee is not None and site.kind not in NOT_CALLS:
            self._callers[site.callee].append(site)

    def _scripts(self) -> Iterator[tuple[Function, Script]]:
        for function, boundary in self.boundaries.items():
            if boundary.kind == "module" and not self._opens_windows(function):
                found = script(self._program, function, self.sites_of(function))
                if found is not None:
                    yield function, found

    def _opens_windows(self, function: Function) -> bool:
        """Does a script hold, or call, what runs loops of its own?"""
        windows = self._program.windows
        return not windows.isdisjoint(self.callees(function)) or bool(windows and is_of_window(self._program, function))

    def is_changed(self, function: Function) -> bool:
        """Does the migration put an `await` into the function, or make it async?"""
        return function in self.reasons or any(map(self.is_active, self._sites[function]))

    def is_async(self, function: Function) -> bool:
        """Is the function async after the migration?"""
        return function.is_async or function in self.reasons

    def may_await(self, function: Function) -> bool:
        """May the function's body await, all or part of it: is it async, an entry, or what makes an application?"""
        return self.is_async(function) or function in self.entries or function in self.factories

    def can_await(self, function: Function, node: ast.AST) -> bool:
        """May the function's body await where a node of it stands?"""
        return self.may_await(function) and not self.is_left(function, node)

    def is_left(self, function: Function, node: ast.AST) -> bool:
        """Is a node in that part of a script, or of what makes an application, that stays where it is?"""
        moving = self.scripts.get(function) or self.factories.get(function)
        return moving is not None and not moving.holds(node)

    @property
    def entries(self) -> set[Function]:
        """Functions that stay sync for those who call them and run their own body on a loop."""
        entries = {f for f, b in self.boundaries.items() if b.kind == "entry" and not (f.is_lambda or f.is_generator)}
        return entries | self.scripts.keys() | self.windows.bodies

    def is_active(self, site: AsyncSite) -> bool:
        """Does the site need rewriting: is what it reaches async now, and was not before?"""
        if site.callee in self.split:
            return self.may_await(site.function)
        return site.callee is None or site.callee in self.reasons

    def sites(self) -> Iterator[AsyncSite]:
        """All sites that need rewriting."""
        for sites in self._sites.values():
            yield from (s for s in sites if self.is_active(s))

    def sites_of(self, function: Function) -> list[AsyncSite]:
        """The sites in one function that need rewriting."""
        return [s for s in self._sites[function] if self.is_active(s)]

    def burdened_wrappers(self) -> set[Function]:
        """Wrappers for both colours that have more to await than what they were given, and no second version of it."""
        return {
            wrapper
            for wrapper in self._program.decorators.wrapped
            if self._program.decorators.given(wrapper) and wrapper in self.reasons
            if not self.is_all_async(wrapper) and any(s.kind not in PASSING for s in self.sites_of(wrapper))
        }

    def is_all_async(self, wrapper: Function) -> bool:
        """Is everything async that a wrapper stands around?"""
        return all(map(self.is_async, self._program.decorators.wrapped[wrapper]))

    def callers(self, function: Function) -> set[Function]:
        """The functions that call, enter or run through a function."""
        return {s.function for s in self._callers[function]}

    def calls_of(self, function: Function) -> list[AsyncSite]:
        """The places where a function is called, entered or run through."""
        return self._callers[function]

    def calls_in(self, function: Function) -> list[tuple[Function, ast.expr]]:
        """What a function calls, enters or runs through, and the node where it does."""
        return [(s.callee, s.node) for s in self._sites[function] if s.callee is not None]

    def callees(self, function: Function) -> set[Function]:
        """The functions that a function calls, enters or runs through."""
        return {s.callee for s in self._sites[function] if s.callee is not None}

    def reached(self, functions: Iterable[Function]) -> set[Function]:
        """Functions, what they call, and what that calls."""
        found = set(functions)
        pending = list(found)
        while pending:
            for callee in self.callees(pending.pop()) - found:
                found.add(callee)
                pending.append(callee)
        return found

    def unreached(self) -> Iterator[AsyncSite]:
        """Bridges in functions that a function hands on which async code reaches: what calls them is not known."""
        weak = [site for site in self._weak if not self.is_left(site.function, site.node)]
        return (s for s in weak if not self._running.isdisjoint(with_parents(s.function)))

    def chain(self, function: Function) -> tuple[Step, ...]:
        """Why a function is async: the sites from it down to the seed."""
        steps: list[Step] = []
        seen: set[Function] = set()
        current: Function | None = function
        while current is not None and current not in seen:
            seen.add(current)
            site = self.reasons.get(current)
            if site is not None:
                steps.append(site.step())
                current = site.callee
            elif current in self.forced:
                other = self.forced[current]
                steps.append(Step(current.site(), f"shares its colour with {other.qualname}"))
                current = other
            else:
                current = None
        return tuple(steps)

    def site_chain(self, site: AsyncSite) -> tuple[Step, ...]:
        """The chain that begins with a site."""
        return (site.step(), *(self.chain(site.callee) if site.callee else ()))

    def _spread(self) -> None:
        queue: deque[Function] = deque()
        for function, sites in self._sites.items():
            seeds = [s for s in sites if s.callee is None and s.kind not in NOT_CALLS]
            if seeds:
                self._colour(function, seeds[0], queue)
        self._drain(queue)
        while self._even_out(queue) or self._wake(queue) or self._split(queue):
            self._drain(queue)
        self.windows = LoopsOfWindows(self._program, self)

    def _drain(self, queue: deque[Function]) -> None:
        while queue:
            function = queue.popleft()
            for site in self._callers[function]:
                self._colour(site.function, site, queue)
            for relative in self.families.get(function, ()):
                if relative is not function and relative not in self.reasons:
                    self._force(relative, function, _sharing(function), queue)

    def _colour(self, function: Function, site: AsyncSite, queue: deque[Function]) -> None:
        """Make a function async, unless it is already or can't be."""
        if function in self.reasons:
            return
        if function.is_async:
            return
        boundary = self._boundary(function)
        if boundary is None and isinstance(function.node, ast.Lambda) and site.node is not function.node.body:
            boundary = Boundary("lambda", "a lambda can't await")
        if boundary is not None:
            self.boundaries.setdefault(function, boundary)
            return
        self.reasons[function] = site
        queue.append(function)

    def _boundary(self, function: Function) -> Boundary | None:
        return MAKES_APPLICATION if function in self.factories else boundary_of(self._program, function)

    def _force(self, function: Function, other: Function | None, what: str, queue: deque[Function]) -> None:
        if function.is_async or function in self.reasons or function.is_module:
            return
        if (function.is_lambda and other is not None and other.is_async) or gives_tasks(self._program, function):
            return  # It gives something to await already.
        own = next((s for s in self._sites[function] if self.is_active(s)), None)
        boundary = self._boundary(function)
        if boundary is None and function.is_lambda and own is None and not is_test_code(function):
            boundary = Boundary("lambda", f"a lambda can't be async, and {what}")
        if boundary is not None and not (boundary.kind == "lambda" and own is None and is_test_code(function)):
            self.boundaries.setdefault(function, boundary)
            return
        if other is not None:
            self.forced[function] = other
        self.reasons[function] = own or AsyncSite(function, _anchor(function), "family", other, what)
        queue.append(function)

    def _even_out(self, queue: deque[Function]) -> bool:
        """Where a call can reach async and sync functions alike the sync ones follow; so do stand-ins of async ones."""
        for sites in self._by_place():
            leading = next((s for s in sites if s.callee is None or self.is_async(s.callee)), None)
            if leading is not None:
                what = f"{leading.what} too" if leading.callee is None else _sharing(leading.callee)
                for site in sites:
                    if site.callee is not None:
                        self._force(site.callee, leading.callee, what, queue)
        for fake, real, what in self._stand_ins:
            if real is None or self.is_async(real):
                self._force(fake, real, what, queue)
        return bool(queue)

    def _by_place(self) -> Collection[list[AsyncSite]]:
        """The sites whose callees all have to be of one colour, those of one call together."""
        by_place: defaultdict[tuple[ast.expr, str], list[AsyncSite]] = defaultdict(list)
        for sites in self._sites.values():
            for site in sites:
                if site.kind in EVEN_KINDS:
                    by_place[site.node, site.kind].append(site)
        return by_place.values()

    def uneven(self) -> Iterator[tuple[AsyncSite, Boundary]]:
        """Calls that reach async functions and one that stays sync, each with that one's reason."""
        for sites in self._by_place():
            if any(s.callee is None or self.is_async(s.callee) for s in sites):
                for site in sites:
                    may_wait = self.may_await(site.function) or site.function in self._program.windows
                    if site.callee in self.boundaries and may_wait:
                        yield site, self.boundaries[site.callee]

    def _wake(self, queue: deque[Function]) -> bool:
        """Bridges in what async code reaches are awaited."""
        self._running = reached = self._reached() if self._weak else set()
        woken = [s for s in self._weak if s.function in reached and not self.is_left(s.function, s.node)]
        self._weak = [site for site in self._weak if site not in woken]
        for site in woken:
            self._note(site)
            self._colour(site.function, site, queue)
        return bool(queue)

    def _split(self, queue: deque[Function]) -> bool:
        """Entries can't start a loop where one runs: who calls them there awaits what they do."""
        starts = self._program.decorators.starts
        entries = [f for f in self.entries - self._program.windows if self._callers[f] and not starts(f)]
        entries = [f for f in entries if any(map(self.is_active, self._sites[f]))]
        reached = self._reached() if entries else set()
        for entry in entries:
            for site in self._callers[entry]:
                is_kept = site.function.is_module and not self.can_await(site.function, site.node)
                if site.kind == "await" and site.function in reached and not is_kept:
                    self.split.add(entry)
                    self._colour(site.function, site, queue)
        return bool(queue)

    def _reached(self) -> set[Function]:
        """The functions that run while an event loop does, or in a thread that async code waits for."""
        program = self._program
        pending = [f for f in program.functions if self._runs_on_a_loop(f)]
        reached = set(pending)
        while pending:
            function = pending.pop()
            called = [site.callee for site in self._sites[function]]
            for callee in (*called, *program.interpreter.fixtures.requested(function)):
                if callee is not None and callee not in reached:
                    reached.add(callee)
                    pending.append(callee)
        return reached

    def _runs_on_a_loop(self, function: Function) -> bool:
        """Does a loop run when the function is called, because of what it is or of the fixtures that it asks for?"""
        if self.may_await(function):
            return True
        fixtures = self._program.interpreter.fixtures
        if function not in fixtures.functions and "awaits" in {p for p, _ in self._program.handed(function)}:
            return True
        return any(map(self.may_await, fixtures.requested(function)))


MAKES_APPLICATION = Boundary("factory", "it makes an application, which a server does while its event loop runs")
# What a wrapper has to await because of what it was given.
PASSING = {"wrapped", "sleep"}
# Sites that call nothing where they stand.
NOT_CALLS = {"thread maker"}
# Sites whose callees all have to be of one colour.
EVEN_KINDS = {"await", "with", "for", "next", "collect", "yield from", "generator method", "thread", "map", "stack"}


def _sharing(other: Function) -> str:
    return f"shares its colour with {other.qualname}"


def _anchor(function: Function) -> ast.expr:
    """An expression that stands for a function in a site: its first decorator, or its name's place."""
    node = function.node
    assert not isinstance(node, ast.Module)
    return ast.copy_location(ast.Name(function.name), node)
