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
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

from .border import kept_callees, lent
from .boundaries import Boundary, boundary_of
from .bridges import Run, with_parents
from .clients import CLIENT, Clients, calls_client_by_name
from .consuming import consumed, generators
from .decisions import Confidence, Step
from .handing import functions_of, handed
from .library import library
from .loads import find_loads, implicit_loads
from .locks import Locks
from .mapping import is_mapping
from .open_calls import is_open
from .queries import executing_sites
from .schema import is_schema_call
from .sleeps import Sleeps
from .stacks import Stacks, holding_method
from .stand_ins import is_test_code, stand_ins
from .symbols import Class, Function, decorator_name
from .threads import handed_function, handing_call, made_for_a_thread
from .values import ClassObject, Context, External, FunctionObject, Generated, Instance, Mock, Values

if TYPE_CHECKING:
    from .program import Program


@dataclass(frozen=True, slots=True, eq=False)
class AsyncSite:
    """A place that needs `await`, `async with` or `async for`.

    The words for `kind`; `callee` is the project function behind a site, None for a seed:

    * "await" (a call), "either" (a call of what may be async), "with" (a `with` item's expression)
    * "for" (an iterable of a loop or comprehension), "next" (`next(generator)`), "collect" (the generator in
      `list(generator)`), "yield from", "generator method" (`generator.close()`)
    * "wrapped" (a decorator's wrapper calls what it was given), "decorated" (a context manager as a decorator)
    * "map" (`map(callee, items)`), "property" (a read that calls), "sleep" (`time.sleep`)
    * "thread" (the call that hands `callee` to a thread), "thread maker" (`sync_to_async(callee)`)
    * "stack" and "stack end" (an `ExitStack` is given something to end, or closed)
    * "border" (a session is lent to what stays sync)
    * "query" (a legacy query is sent), "schema" (`create_all` and its like), "load" (implicit I/O)
    * "bridge" (a coroutine is run to its end), "client" (a `with` item that enters a test client)
    * "finalizer" (`request.addfinalizer(callee)`), "raises" (`pytest.raises(error, callee)`)
    """

    function: Function
    node: ast.expr
    kind: str
    callee: Function | None = None
    what: str = ""
    confidence: Confidence = Confidence.HIGH

    def step(self) -> Step:
        """This site as a link of a why-chain."""
        return Step(self.function.source.site(self.node), self.what)


class Colours:
    """The colour of every function after the migration."""

    def __init__(self, program: Program) -> None:
        self._program = program
        self.reasons: dict[Function, AsyncSite] = {}
        self.boundaries: dict[Function, Boundary] = {}
        self.forced: dict[Function, Function] = {}
        # Entries that code calls while a loop runs: their bodies become functions of their own.
        self.split: set[Function] = set()
        self._sites: defaultdict[Function, list[AsyncSite]] = defaultdict(list)
        self._callers: defaultdict[Function, list[AsyncSite]] = defaultdict(list)
        self.families = families(program)
        self._stand_ins = list(stand_ins(program))
        self._running: set[Function] = set()
        self._weak = [_bridge_site(program, run) for run in program.bridges.sites.values()]
        self.clients = Clients(program)
        held_back: list[AsyncSite] = []
        for site in [*_all_sites(program), *unknown_receivers(program)]:
            if site.callee is None and self.clients.at(site.node):
                held_back.append(site)
            else:
                self._note(site)
        self._spread()
        self.clients.settle(held_back, self.is_changed)
        for site in held_back:
            if not self.clients.why_sync(site.node):
                self._note(site)
        self._spread()
        self.loads = find_loads(program, self)
        for site in implicit_loads(program, self.loads):
            self._note(site)
        self._spread()
        self.locks = Locks(program)
        self.sleeps = Sleeps(program)
        self.stacks = Stacks(program)
        while waits := list(self._waits()):
            for site in waits:
                self._note(site)
            self._spread()

    def _waits(self) -> Iterator[AsyncSite]:
        """What has to be awaited because of what is async already: sleeping, and locks that are held meanwhile."""
        for function, call in self.sleeps.settle(self):
            yield AsyncSite(function, call, "sleep", None, f"sleeps: {self._program.short(function.source, call)}")
        for function, node, kind in self.stacks.settle(self):
            yield AsyncSite(function, node, kind, None, "ends a stack that holds something async")
        for use in self.locks.settle(self):
            what = f"waits for {self._program.short(use.function.source, use.node)}"
            yield AsyncSite(use.function, use.node, use.kind, None, what)

    def _note(self, site: AsyncSite) -> None:
        self._sites[site.function].append(site)
        if site.callee is not None and site.kind not in NOT_CALLS:
            self._callers[site.callee].append(site)

    def is_changed(self, function: Function) -> bool:
        """Does the migration put an `await` into the function, or make it async?"""
        return function in self.reasons or any(map(self.is_active, self._sites[function]))

    def is_async(self, function: Function) -> bool:
        """Is the function async after the migration?"""
        return function.is_async or function in self.reasons

    def may_await(self, function: Function) -> bool:
        """May the function's body await: is it async, or an entry whose body is run with `asyncio.run`?"""
        return self.is_async(function) or function in self.entries

    @property
    def entries(self) -> set[Function]:
        """Functions that stay sync for those who call them and run their own body on a loop."""
        return {f for f, b in self.boundaries.items() if b.kind == "entry" and not (f.is_lambda or f.is_generator)}

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

    def calls_in(self, function: Function) -> list[tuple[Function, ast.expr]]:
        """What a function calls, enters or runs through, and the node where it does."""
        return [(s.callee, s.node) for s in self._sites[function] if s.callee is not None]

    def callees(self, function: Function) -> set[Function]:
        """The functions that a function calls, enters or runs through."""
        return {s.callee for s in self._sites[function] if s.callee is not None}

    def unreached(self) -> Iterator[AsyncSite]:
        """Bridges in functions that a function hands on which async code reaches: what calls them is not known."""
        return (s for s in self._weak if not self._running.isdisjoint(with_parents(s.function)))

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
        boundary = boundary_of(self._program, function)
        if boundary is None and isinstance(function.node, ast.Lambda) and site.node is not function.node.body:
            boundary = Boundary("lambda", "a lambda can't await")
        if boundary is not None:
            self.boundaries.setdefault(function, boundary)
            return
        self.reasons[function] = site
        queue.append(function)

    def _force(self, function: Function, other: Function | None, what: str, queue: deque[Function]) -> None:
        if function.is_async or function in self.reasons or function.is_module:
            return
        own = next((s for s in self._sites[function] if self.is_active(s)), None)
        boundary = boundary_of(self._program, function)
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
                    if site.callee in self.boundaries and self.may_await(site.function):
                        yield site, self.boundaries[site.callee]

    def _wake(self, queue: deque[Function]) -> bool:
        """Bridges in what async code reaches are awaited."""
        self._running = reached = self._reached() if self._weak else set()
        woken = [site for site in self._weak if site.function in reached]
        self._weak = [site for site in self._weak if site.function not in reached]
        for site in woken:
            self._note(site)
            self._colour(site.function, site, queue)
        return bool(queue)

    def _split(self, queue: deque[Function]) -> bool:
        """Entries can't start a loop where one runs: who calls them there awaits what they do."""
        entries = [f for f in self.entries if self._callers[f] and any(map(self.is_active, self._sites[f]))]
        reached = self._reached() if entries else set()
        for entry in entries:
            for site in self._callers[entry]:
                if site.kind == "await" and site.function in reached and not site.function.is_module:
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


def families(program: Program) -> dict[Function, tuple[Function, ...]]:
    """The functions that share a colour: a method, what it overrides, and what overrides it; fixtures that do."""
    leader: dict[Function, Function] = {}

    def find(function: Function) -> Function:
        while leader.get(function, function) is not function:
            function = leader[function]
        return function

    objects = program.interpreter.objects
    for cls in objects.classes.values():
        for name, method in cls.methods.items():
            if name.startswith("__") and name not in {"__call__", "__enter__", "__exit__", "__iter__"}:
                continue
            for other in _relatives(program, cls, name):
                leader[find(other)] = find(method)
        if "__enter__" in cls.methods and "__exit__" in cls.methods:
            leader[find(cls.methods["__enter__"])] = find(cls.methods["__exit__"])
    for wrapper, wrapped in program.decorators.wrapped.items():
        for function in wrapped if not program.decorators.serves_both(wrapper) else ():
            leader[find(function)] = find(wrapper)
    for function in program.functions:
        if "overload" in map(decorator_name, function.decorators):
            for other in _overloaded(program, function):
                leader[find(function)] = find(other)
    groups: defaultdict[Function, list[Function]] = defaultdict(list)
    for function in program.functions:
        groups[find(function)].append(function)
    return {f: tuple(group) for group in groups.values() if len(group) > 1 for f in group}


def _overloaded(program: Program, function: Function) -> Iterator[Function]:
    """The definitions of the name that stand beside an `@overload`."""
    place = function.source, function.qualname
    return (f for f in program.functions if (f.source, f.qualname) == place)


def _relatives(program: Program, cls: Class, name: str) -> Iterator[Function]:
    objects = program.interpreter.objects
    for base in objects.ancestry(cls.key)[1:]:
        if base in objects.classes and name in objects.classes[base].methods:
            yield objects.classes[base].methods[name]
    if objects.is_protocol(cls.key):
        for key in objects.implementers(cls.key):
            found = objects.method(key, name)
            if found is not None:
                yield found


# Sites


def _all_sites(program: Program) -> Iterator[AsyncSite]:
    for function in program.functions:
        if function in program.vanishing:
            continue
        kept = program.stays_sync(function)
        yield from _decorated_sites(program, function)
        for node in function.own_nodes():
            # What a kept file does on its own sync session is its own affair; calls across its border are not.
            sites = [s for s in _sites_at(program, function, node) if s.callee is not None or not kept]
            yield from sorted(sites, key=_by_callee)
    for query, function in executing_sites(program):
        if function in program.vanishing:
            continue
        if not program.stays_sync(function) and not program.queries_stay_sync(query):
            yield AsyncSite(function, query, "query", None, f"sends the query {program.short(function.source, query)}")


def _decorated_sites(program: Program, function: Function) -> Iterator[AsyncSite]:
    """`@scope()`: a context manager of a generator function, entered whenever the function is called."""
    for decorator in function.decorators:
        for value in program.values(decorator):
            if isinstance(value, Context) and value.key:
                callee = program.function(value.key)
                yield AsyncSite(function, decorator, "decorated", callee, f"runs inside of {callee.qualname}")


def _by_callee(site: AsyncSite) -> str:
    return site.callee.key if site.callee else ""


def _sites_at(program: Program, function: Function, node: ast.AST) -> Iterator[AsyncSite]:
    for kind, place, iterable in consumed(program, node):
        for callee in generators(program, program.values(iterable)):
            yield AsyncSite(function, place, kind, callee, f"runs through {callee.qualname}")
    match node:
        case ast.With(items=items):
            for item in items:
                yield from _with_sites(program, function, item.context_expr)
        case ast.Call():
            yield from _call_sites(program, function, node)
            yield from _handed_sites(program, function, node)
        case ast.Attribute(ctx=ast.Load()):
            yield from _attribute_sites(program, function, node)


def _with_sites(program: Program, function: Function, node: ast.expr) -> Iterator[AsyncSite]:
    for value in sorted(program.values(node), key=repr):
        match value:
            case Context(key=key) if key:
                yield AsyncSite(
                    function, node, "with", program.function(key), f"enters {program.function(key).qualname}"
                )
            case Context(items=items, is_declared=True) if _holds_session(program, items):
                yield AsyncSite(function, node, "with", None, f"opens {program.short(function.source, node)}")
                return
            case Instance(cls=cls):
                for name in ("__enter__", "__exit__"):
                    for method in program.methods(cls, name):
                        yield AsyncSite(function, node, "with", method, f"enters {method.qualname}")
                if program.converted_class(cls) and not program.methods(cls, "__enter__"):
                    kind = "client" if program.interpreter.objects.is_a(cls, CLIENT) else "with"
                    yield AsyncSite(function, node, kind, None, f"opens a {program.plain_name(cls)}")
                    return
            case Context() if _is_seed(program, node) or _closes_session(program, node):
                yield AsyncSite(function, node, "with", None, f"opens {program.short(function.source, node)}")
                return


def _holds_session(program: Program, values: Values) -> bool:
    return any(isinstance(v, Instance) and program.converted_class(v.cls) for v in values)


def _call_sites(program: Program, function: Function, node: ast.Call) -> Iterator[AsyncSite]:
    parent = function.source.parents.get(node)
    in_with = isinstance(parent, ast.withitem) and isinstance(function.source.parents.get(parent), ast.With)
    in_with = in_with or (isinstance(parent, ast.Call) and bool(holding_method(program, parent)))
    if is_schema_call(program, node):
        yield AsyncSite(function, node, "schema", None, f"runs {program.short(function.source, node)}")
        return
    if _is_seed(program, node) or calls_client_by_name(program, node):
        if not in_with:
            kind = "sync only" if _is_sync_only(program, node) else "await"
            yield AsyncSite(function, node, kind, None, f"calls {program.short(function.source, node)}")
            for value in program.values(node.func):
                if isinstance(value, FunctionObject):
                    yield from _function_sites(program, function, node, value)
        return
    yield from _handing_sites(program, function, node)
    yield from _stack_sites(program, function, node)
    if lent(program, node) and (kept := kept_callees(program, node)) and not program.stays_sync(function):
        yield AsyncSite(function, node, "border", None, f"lends its session to {kept[0].qualname}, which stays sync")
        return
    if is_mapping(program, node):
        for callee in functions_of(program, node.args[0]):
            if callee is not None and not callee.is_generator:
                yield AsyncSite(function, node, "map", callee, f"calls {callee.qualname} for each item")
    for value in program.values(node.func):
        match value:
            case FunctionObject():
                yield from _function_sites(program, function, node, value)
            case Instance(cls=cls):
                for method in program.methods(cls, "__call__"):
                    yield from _plain_call(program, function, node, method)
            case ClassObject(cls=cls):
                for method in program.methods(cls, "__init__"):
                    yield AsyncSite(function, node, "construct", method, f"makes a {program.plain_name(cls)}")
            case External(name="generated.close" | "generated.throw" | "generated.send", receiver=Generated(key=key)):
                callee = program.function(key)
                if not callee.is_async:
                    yield AsyncSite(function, node, "generator method", callee, f"calls a method of {callee.qualname}")


def _stack_sites(program: Program, function: Function, node: ast.Call) -> Iterator[AsyncSite]:
    method = holding_method(program, node)
    if method == "callback":
        for callee in functions_of(program, node.args[0]):
            what = callee.qualname if callee else program.short(function.source, node.args[0])
            yield AsyncSite(function, node, "stack", callee, f"has {what} called")
    elif method:
        for site in _with_sites(program, function, node.args[0]):
            yield AsyncSite(function, node, "stack", site.callee, site.what)


def _function_sites(program: Program, function: Function, node: ast.Call, value: FunctionObject) -> Iterator[AsyncSite]:
    wrappers = [program.function(w) for w in value.wrappers]
    targets = [program.function(value.key), *(w for w in wrappers if not program.decorators.serves_both(w))]
    if isinstance(value.receiver, Instance):
        targets.extend(program.alternatives(value.receiver.cls, targets[0].name))
    for target in dict.fromkeys(targets):
        if target in program.vanishing:
            continue
        if not program.decorators.is_passing(function, target):
            yield from _plain_call(program, function, node, target)
        elif not program.decorators.asks(function):
            yield AsyncSite(function, node, "wrapped", target, f"calls {target.qualname}")


def _bridge_site(program: Program, run: Run) -> AsyncSite:
    subject = program.short(run.function.source, run.subject)
    return AsyncSite(run.function, run.node, "bridge", None, f"runs {subject} to its end")


def _plain_call(program: Program, function: Function, node: ast.Call, target: Function) -> Iterator[AsyncSite]:
    if not target.is_generator:
        kind = "either" if is_open(program, function, node) else "await"
        yield AsyncSite(function, node, kind, target, f"calls {target.qualname}")


def _handed_sites(program: Program, function: Function, node: ast.Call) -> Iterator[AsyncSite]:
    found = handed(node)
    if found is None or found[0] == "cleanup":
        return
    kind, given = found
    for callee in functions_of(program, given):
        what = callee.qualname if callee else program.short(function.source, given)
        yield AsyncSite(function, node, kind, callee, f"has {what} called")


def _handing_sites(program: Program, function: Function, node: ast.Call) -> Iterator[AsyncSite]:
    handing = handing_call(program, node)
    given = handed_function(program, handing) if handing else None
    kind = "thread"
    if given is None:
        given, kind = made_for_a_thread(program, node), "thread maker"
    if given is None:
        return
    if _is_io(program, program.values(given)):
        what = f"calls {program.short(function.source, given)} in a thread"
        yield AsyncSite(function, node, kind, None, what)
    for value in program.values(given):
        if isinstance(value, FunctionObject) and not program.function(value.key).is_async:
            callee = program.function(value.key)
            yield AsyncSite(function, node, kind, callee, f"calls {callee.qualname} in a thread")


def _attribute_sites(program: Program, function: Function, node: ast.Attribute) -> Iterator[AsyncSite]:
    for value in program.values(node.value):
        if isinstance(value, Instance):
            for method in program.methods(value.cls, node.attr):
                if method.is_property:
                    yield AsyncSite(function, node, "property", method, f"reads {method.qualname}")


def _is_seed(program: Program, node: ast.expr) -> bool:
    """Is this a call that does I/O on something that becomes async?"""
    if not isinstance(node, ast.Call):
        return False
    for value in program.values(node.func):
        if isinstance(value, External) and value.receiver is None:
            function = library().functions.get(value.name)
            if function and (function.io or (function.io_with and _is_given_session(program, node))):
                return True
    return _is_io(program, program.values(node.func))


def _is_io(program: Program, values: Values) -> bool:
    """Is one of the values a method that does I/O on something that becomes async?"""
    for value in values:
        match value:
            case External(name=name, receiver=Instance(cls=cls)):
                base, _, method = name.rpartition(".")
                known = library().method(base, method)
                if known and known.io and program.converted_class(cls):
                    return True
    return False


def _is_sync_only(program: Program, node: ast.Call) -> bool:
    """Is this a method that the async session does not have?"""
    methods = [
        library().method(*v.name.rpartition(".")[::2]) for v in program.values(node.func) if isinstance(v, External)
    ]
    return any(m is not None and m.sync_only for m in methods)


def _closes_session(program: Program, node: ast.expr) -> bool:
    """Is this `closing(session)`?"""
    if not isinstance(node, ast.Call) or External("contextlib.closing") not in program.values(node.func):
        return False
    return _is_given_session(program, node)


def _is_given_session(program: Program, node: ast.Call) -> bool:
    """Is a session, connection or engine that becomes async among the arguments?"""
    given = [*node.args, *(k.value for k in node.keywords)]
    return any(_holds_session(program, program.values(g)) for g in given)


# Evidence by name, where the receiver is unknown

TOO_COMMON = {
    "get", "add", "update", "delete", "create", "all", "first", "close", "save", "run", "execute", "commit", "send",
    "list",
    "items", "keys", "values", "append", "pop", "copy", "count", "index", "insert", "remove", "read", "write", "filter",
    "find", "search", "load", "start", "stop", "process", "handle", "refresh", "open", "join", "split", "format", "set",
    "clear", "info", "error", "call", "apply", "check", "query", "post", "put", "patch", "exists", "flush", "reset",
}  # fmt: skip


def unknown_receivers(program: Program) -> Iterator[AsyncSite]:
    """Calls of a method on something unknown, where one family alone in the project has a method of that name.

    The name is evidence only with fitting arguments; confidence is medium, and the plan says so.
    """
    by_name: defaultdict[str, list[Function]] = defaultdict(list)
    for cls in program.interpreter.objects.classes.values():
        for name, method in cls.methods.items():
            if not name.startswith("__") and name not in TOO_COMMON:
                by_name[name].append(method)
    related = families(program)
    for function in program.functions:
        if program.stays_sync(function):
            continue
        for node in function.own_nodes():
            if not (isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute)):
                continue
            methods = by_name.get(node.func.attr, [])
            if not methods or not _is_unknown(program, function, node.func.value) or _is_known(program, node.func):
                continue
            if len(methods) > 1 and not set(methods) <= set(related.get(methods[0], ())):
                continue
            method = methods[0]
            if not method.is_generator and not method.is_property and fits(method, node):
                yield AsyncSite(
                    function, node, "await", method, f"calls {method.qualname} (known by its name)", Confidence.MEDIUM
                )


def _is_unknown(program: Program, function: Function, receiver: ast.expr) -> bool:
    """Is nothing known of a receiver? That a test hands a mock to the code tells nothing of what the code gets else."""
    is_super = isinstance(receiver, ast.Call) and isinstance(receiver.func, ast.Name) and receiver.func.id == "super"
    return not is_super and not (_is_known(program, receiver) or (program.values(receiver) and is_test_code(function)))


def _is_known(program: Program, node: ast.expr) -> bool:
    return any(not isinstance(v, Mock) for v in program.values(node))


def fits(function: Function, call: ast.Call) -> bool:
    """Can the call's arguments be those of the function?"""
    spec = function.arguments
    assert spec is not None
    if any(isinstance(a, ast.Starred) for a in call.args) or any(k.arg is None for k in call.keywords):
        return True
    positional = [a.arg for a in (*spec.posonlyargs, *spec.args)]
    if function.binding in {"instance", "class"}:
        positional = positional[1:]
    if len(call.args) > len(positional) and not spec.vararg:
        return False
    names = {*positional, *(a.arg for a in spec.kwonlyargs)}
    given = {k.arg for k in call.keywords if k.arg}
    if not spec.kwarg and not given <= names:
        return False
    required = positional[: len(positional) - len(spec.defaults)] if spec.defaults else positional
    return set(required[len(call.args) :]) <= given
