"""Implicit I/O: attribute reads that send a query, and how each is made explicit.

Under asyncio a lazy load raises MissingGreenlet. A load is found where a relationship is read from an object that did
not come with it. What is done about it depends on what is known of the object's origin and on who reads:

1. the query that loads the object is known, and lies near the reader: the query loads the relationship too (an option);
2. else, where the reader can await: `await object.awaitable_attrs.name`, exactly the lazy load that it was;
3. else the relationship itself is loaded with its owner, by its `lazy=`.
"""

from __future__ import annotations

import ast
from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import TYPE_CHECKING

from .async_sites import AsyncSite
from .boundaries import boundary_of
from .cascades import Cascades, Reach
from .eager_depth import LOADERS, along, stops_before
from .effects import Effects
from .expiry import Expired, Expiry
from .load_reads import Load, Reads
from .loaded_before import is_awaited_before, is_set_before
from .loader_options import Path
from .mapped import DEFERRED, Relationship
from .order import dominates, may_follow, position
from .requested import gives_its_session
from .server_values import ServerValue, ServerValues
from .staleness import Stale, Staleness
from .surroundings import is_bound_within, is_in_lambda_or_default, serialising_call
from .symbols import Function
from .test_reach import in_tests
from .tracing import EAGER, EVERYTHING, Place, Root, Traced, Tracing, objects
from .values import ClassObject, Instance, Mock, Values

if TYPE_CHECKING:
    from .colours import Colours
    from .program import Program

# Boundaries behind which nothing can be awaited.
CLOSED = frozenset({"property", "special", "callback", "lambda", "greenlet", "kept"})
# A reader that is sync but for its lazy loads stays so if this many queries can load for it.
MOST_QUERIES = 8


@dataclass(frozen=True, eq=False, slots=True)
class Refresh:
    """`session.refresh(name, […])` behind a statement that flushes or refreshes what a schema reads later."""

    function: Function
    statement: ast.stmt
    session: ast.expr
    name: str


@dataclass(slots=True)
class Loads:
    """What is done about each implicit load."""

    awaited: list[Load] = field(default_factory=list)
    # Root of a made object -> where it is refreshed, and the loads that need it.
    refreshed: dict[Root, tuple[Refresh, list[Load]]] = field(default_factory=dict)
    # Behind which refreshes options are repeated that these forget, and the loads that need it.
    repeated: list[tuple[Refresh, list[Load]]] = field(default_factory=list)
    # Root -> path -> the loads that need it.
    options: defaultdict[Root, dict[Path, list[Load]]] = field(default_factory=lambda: defaultdict(dict))
    # (class that declares it, name) -> the loads that need it.
    eager: defaultdict[tuple[str, str], list[Load]] = field(default_factory=lambda: defaultdict(list))
    # Reads of objects that a rollback or `expire()` may have expired.
    expired: list[Expired] = field(default_factory=list)
    # Call that serialises an object of one of several classes -> the loads inside of it.
    inside: defaultdict[ast.Call, list[Load]] = field(default_factory=lambda: defaultdict(list))
    # Relationships that lack a row which was added by its foreign key.
    stale: list[Stale] = field(default_factory=list)
    # Columns whose new value has to come with an update.
    server_values: list[ServerValue] = field(default_factory=list)
    tracing: Tracing | None = None

    def refreshes(self) -> Iterator[tuple[Refresh, list[Load]]]:
        """The refreshes with the names of relationships, each once, and the loads that need it."""
        found: dict[ast.stmt, tuple[Refresh, list[Load]]] = {}
        for refresh, needed in (*self.refreshed.values(), *self.repeated):
            found.setdefault(refresh.statement, (refresh, []))[1].extend(needed)
        yield from found.values()

    def place(self, root: Root) -> Place:
        """Where the query of a root begins."""
        assert self.tracing is not None
        return self.tracing.place(root)


def find_loads(program: Program, colours: Colours) -> Loads:
    """All implicit loads of a program whose other colours are known, and what is done about them."""
    return _Chooser(program, colours).found if _may_load(program) else Loads()


def implicit_loads(program: Program, loads: Loads) -> Iterator[AsyncSite]:
    """The loads that are awaited where they stand, and the calls inside of which some may happen, as seeds."""
    for call, needed in loads.inside.items():
        yield AsyncSite(needed[0].function, call, "load", None, f"loads {needed[0].relationship.name}")
    for load in loads.awaited:
        text = program.short(load.source, load.node)
        yield AsyncSite(load.function, load.node, "load", None, f"loads {text}")


def _may_load(program: Program) -> bool:
    """Can reading an attribute send a query? A column does so too, behind a rollback."""
    return bool(program.interpreter.objects.mapped.known) and not all(map(program.stays_sync, program.functions))


class _Chooser:
    """Chooses what is done about each load."""

    def __init__(self, program: Program, colours: Colours) -> None:
        self._program = program
        self._colours = colours
        self._reads = Reads(program, colours)
        self._tracing = self._reads.tracing
        self.found = Loads(tracing=self._tracing)
        for load in sorted(self._reads.all(), key=self._urgency):
            self._choose(load)
        self._drop_needless_options()
        self._repeat_options()
        origins = self._reads.origins
        cascades = Cascades(program, colours, Reach(program, origins, self._is_loaded, self._comes_again))
        for read in Expiry(program, Effects(program, colours), cascades, origins).reads():
            is_faked = not read.is_certain and self._is_faked(read.function, read.owner, getattr(read.node, "attr", ""))
            self.found.expired.append(replace(read, is_faked=is_faked))
        self.found.stale = list(Staleness(program, origins, self._is_loaded).found())
        self.found.server_values = list(ServerValues(program, self._reads.responses).needed())
        self.found.awaited = [load for load in self.found.awaited if not is_awaited_before(load, self.found.awaited)]

    def _urgency(self, load: Load) -> tuple[bool, bool, int]:
        """Readers that can't await come first, then what is nearer to its root: others may need no more then.

        Of the former those that Python calls (`__repr__`) come last.
        """
        can_wait = load.kind != "serve" and self._may_await(load)
        is_special = load.function.name.startswith("__") and not can_wait
        return can_wait, is_special, max((len(o.path) for o in load.origins if isinstance(o, Traced)), default=0)

    # Is there anything to load?

    def _is_there(self, origin: Instance, relationship: Relationship) -> bool:
        """Does the object come with the relationship?"""
        if relationship.lazy in EAGER - LOADERS:
            return True  # Reading it never sent anything.
        if not isinstance(origin, Traced):
            return False
        path = (*origin.path, relationship.name)
        if (origin.root, origin.path, relationship.name) in self._tracing.reloaded or self._is_refreshed(
            path, origin.root
        ):
            return True
        if self._program.stays_sync(self._tracing.place(origin.root).function):
            return True
        is_eager = self._is_eager(origin, relationship)
        if origin.root.kind == "made" and not origin.path:
            if relationship.lazy == DEFERRED or origin.root not in self._tracing.given_away:
                return True
            if self._refreshes(origin.root):
                return is_eager
            return path in origin.loaded or self._is_given(origin, relationship)
        return (
            is_eager or bool({path, (EVERYTHING,)} & origin.loaded) or path in self.found.options.get(origin.root, ())
        )

    def _is_eager(self, origin: Traced, relationship: Relationship) -> bool:
        """Does the relationship's `lazy=`, as it is or will be, load it with this object?"""
        is_told = relationship.lazy in EAGER or (relationship.owner, relationship.name) in self.found.eager
        return is_told and not stops_before(self._program, self._tracing, origin, relationship)

    def _is_given(self, origin: Traced, relationship: Relationship) -> bool:
        """Was the relationship assigned by who made the object, or by what that calls? Others may come too late."""
        if self._program.interpreter.objects.constructor_sets(origin.cls, relationship.name):
            return True
        maker = self._tracing.place(origin.root).function
        return self._leads_to(maker, self._tracing.assigned.get((origin.root, origin.path, relationship.name), set()))

    def _is_loaded(self, origin: Instance, relationship: Relationship) -> bool:
        """Was the relationship loaded of an object that is a row by now: with it, or where it was awaited?"""
        is_transient = (
            isinstance(origin, Traced) and origin.root.kind == "made" and origin.root not in self._tracing.given_away
        )
        is_awaited = any(origin in load.origins and load.relationship == relationship for load in self.found.awaited)
        return not is_transient and (is_awaited or self._is_there(origin, relationship))

    def _comes_again(self, origin: Instance, relationship: Relationship) -> bool:
        """Does a refresh of the object load the relationship, as its query did?"""
        if not isinstance(origin, Traced) or origin.root.kind == "made":
            return relationship.lazy in LOADERS
        return self._is_there(origin, relationship)

    def _is_fresh(self, load: Load, origin: Instance) -> bool:
        """Was the object made right here, and nothing sent since that could have made it a row?"""
        if not isinstance(origin, Traced) or origin.root.kind != "made" or origin.path:
            return False
        place = self._tracing.place(origin.root)
        if place.function is not load.function or not dominates(load.source, place.node, load.node):
            return False
        start, end = position(place.node), position(load.node)
        return not any(start < position(node) < end for node in self._sending(load.function))

    def _sending(self, function: Function) -> Iterator[ast.expr | ast.stmt]:
        """What a function awaits, or will."""
        yield from (s.node for s in self._colours.sites_of(function))
        for node in function.own_nodes():
            if isinstance(node, ast.Await | ast.AsyncFor | ast.AsyncWith):
                yield node

    def _is_refreshed(self, path: Path, root: Root) -> bool:
        """Is a refresh with the relationship's name written already?"""
        return (
            any(
                load.relationship.name == path[-1]
                for _, loads in [self.found.refreshed.get(root, (None, []))]
                for load in loads
            )
            and len(path) == 1
        )

    # Choosing

    def _choose(self, load: Load) -> None:
        missing = tuple(
            o for o in load.origins if not self._is_there(o, load.relationship) and not self._is_fresh(load, o)
        )
        if not missing or is_set_before(load):
            return
        is_chain = _goes_on(load)
        load = replace(load, origins=missing, goes_on=load.goes_on or is_chain)
        if load.kind == "serve":
            self._serve(load)
        elif not is_chain and self._takes_options(load):
            self._add_options(load, missing)
        elif self._may_await(load) and not self._is_helper(load):
            self.found.awaited.append(load)
        else:
            self._load_beforehand(load, at_query=[o for o in missing if self._loads_for(o, load, only_near=False)])

    def _add_options(self, load: Load, origins: Iterable[Instance]) -> None:
        for origin in origins:
            assert isinstance(origin, Traced)
            self.found.options[origin.root].setdefault((*origin.path, load.relationship.name), []).append(load)

    def _drop_needless_options(self) -> None:
        """Drop what a relationship's own `lazy=`, which was chosen later, loads anyway."""
        for root, paths in list(self.found.options.items()):
            for path in sorted(paths, key=len, reverse=True):
                is_prefix = any(other[: len(path)] == path for other in paths if other != path)
                is_eager = all(
                    load.key in self.found.eager and self._is_eager(origin, load.relationship)
                    for load in paths[path]
                    for origin in load.origins
                    if isinstance(origin, Traced) and origin.root == root
                )
                if is_eager and not is_prefix:
                    del paths[path]
            if not paths:
                del self.found.options[root]

    def _repeat_options(self) -> None:
        """Load again what a refresh drops of an object that was in the session before its query.

        The refresh repeats the options of the query that made the object. Where tests share their session with the
        application, that may be one of theirs, or none.
        """
        if not gives_its_session(self._program):
            return
        for load in self._reads.all():
            name = load.relationship.name
            for root in (o.root for o in load.origins if isinstance(o, Traced) and not o.path):
                if (name,) in self.found.options.get(root, ()) and (root, (), name) not in self._tracing.reloaded:
                    for place in self._tracing.refreshed.get(root, {}).values():
                        refresh = self._refresh_behind(place.function, place.node, place.node.args[0])
                        if refresh and self._is_dropped(load, place):
                            self.found.repeated.append((refresh, [load]))

    def _is_dropped(self, load: Load, place: Place) -> bool:
        """Is a relationship read behind what refreshes the whole object?"""
        match place.node:
            case ast.Call(func=ast.Attribute(attr="refresh"), args=[owner, *_]):
                if any(o.path for o in self._reads.origins(owner) if isinstance(o, Traced)):
                    return False
            case _:
                return False
        leading = [n for f, n in self._colours.calls_in(load.function) if self._leads_to(f, {place.function})]
        if load.function is place.function:
            leading.append(place.node)
        inside = set(ast.walk(load.node))
        return any(node in inside or may_follow(load.source, node, load.node) for node in leading)

    def _serve(self, load: Load) -> None:
        """What a schema reads has to be there when the function returns."""
        can_await = load.is_direct and self._may_await(load)
        call = serialising_call(load.source, load.node)
        if can_await and call and self._may_lack(load):
            self.found.inside[call].append(load)
            return
        can_wait = can_await and isinstance(load.owner, ast.Name) and not is_bound_within(load.source, load.owner)
        at_query = [o for o in load.origins if self._loads_for(o, load, only_near=can_wait)]
        if can_wait and any(o not in at_query and not self._refresh(o) for o in load.origins):
            self.found.awaited.append(load)
        else:
            self._load_beforehand(load, at_query)

    def _may_lack(self, load: Load) -> bool:
        """Can the object be of a class that does not have what is read, so that it can't be awaited by its name?"""
        classes = {o.cls for o in self._reads.origins(load.node)}
        known = [mapped for cls in classes if (mapped := self._program.mapped(cls))]
        return not all(load.relationship.name in {**m.relationships, **m.columns} for m in known)

    def _load_beforehand(self, load: Load, at_query: list[Instance]) -> None:
        """Load for a reader that can't: by the queries, by a refresh of what was made, or else with every owner."""
        refreshes = {o: found for o in load.origins if o not in at_query and (found := self._refresh(o))}
        others = tuple(o for o in load.origins if o not in at_query and o not in refreshes)
        if others or len({o.root for o in at_query if isinstance(o, Traced)}) > MOST_QUERIES:
            self.found.eager[load.key].append(replace(load, origins=others))
        else:
            self._add_options(load, at_query)
        for origin, refresh in refreshes.items():
            if isinstance(origin, Traced) and not self._is_there(origin, load.relationship):
                self.found.refreshed.setdefault(origin.root, (refresh, []))[1].append(load)

    def _loads_for(self, origin: Instance, load: Load, only_near: bool) -> bool:
        """Can, and should, the query of an origin load the relationship?"""
        if not isinstance(origin, Traced) or load.relationship.is_backref or not self._is_optionable(origin):
            return False
        return not only_near or self._is_near(origin.root, load)

    def _refresh(self, origin: Instance) -> Refresh | None:
        """Where a made object can be refreshed with the names of relationships: where it is refreshed, or flushed."""
        if not isinstance(origin, Traced) or origin.root.kind != "made" or origin.path:
            return None
        for place in self._refreshes(origin.root):
            found = self._refresh_behind(place.function, place.node, place.node.args[0])
            if found and {o.cls for o in self._reads.origins(place.node.args[0])} == {origin.cls}:
                return found
        place = self._tracing.place(origin.root)
        made = place.source.parents.get(place.node)
        if not (isinstance(made, ast.Assign) and len(made.targets) == 1 and isinstance(made.targets[0], ast.Name)):
            return None
        flushes = [
            n for n in place.function.own_nodes() if self._is_flush(n) and dominates(place.source, place.node, n)
        ]
        is_one = {o.cls for o in self._reads.origins(place.node)} == {origin.cls}
        return self._refresh_behind(place.function, flushes[-1], made.targets[0]) if flushes and is_one else None

    def _refreshes(self, root: Root) -> list[Place]:
        """The refreshes that a made object has been through: where its maker flushes it, only those that this calls."""
        places, maker = self._tracing.refreshed.get(root, {}).values(), self._tracing.place(root).function
        is_flushed = any(self._is_flush(n) for n in maker.own_nodes())
        return [p for p in places if not is_flushed or self._leads_to(maker, {p.function})]

    def _is_flush(self, node: ast.AST) -> bool:
        match node:
            case ast.Call(func=ast.Attribute(value=session, attr="flush" | "commit")):
                return self._program.is_session(self._program.values(session))
        return False

    def _refresh_behind(self, function: Function, call: ast.AST, owner: ast.expr) -> Refresh | None:
        statement = function.source.parents.get(call)
        match call, owner, statement:
            case ast.Call(func=ast.Attribute(value=session)), ast.Name(id=name), ast.Expr():
                return Refresh(function, statement, session, name)
        return None

    def _is_helper(self, load: Load) -> bool:
        """Is the reader a helper that had nothing to do with the database, and better stays so?

        It stays sync where loading one object more with each owner is all that takes.
        """
        function = load.function
        if function.owner is not None and self._tracing.is_mapped(function.owner.key):
            return not self._colours.is_async(function) and self._would_be_there(load)
        is_handed = any(policy != "project" for policy, _ in self._program.handed(function))
        if self._colours.is_async(function) or is_handed or in_tests(function) or load.relationship.many:
            return False
        return self._would_be_there(load) and bool(self._colours.callers(function))

    def _would_be_there(self, load: Load) -> bool:
        """Would all objects come with the relationship if that were loaded eagerly?"""
        return all(
            isinstance(o, Traced)
            and (o.root.kind == "query" or bool(self._refreshes(o.root)))
            and not (load.relationship.is_within and load.relationship.name in o.path)
            for o in load.origins
        )

    # 1: the query loads it

    def _takes_options(self, load: Load) -> bool:
        roots = {o.root for o in load.origins if isinstance(o, Traced)}
        if len(roots) > MOST_QUERIES or not all(isinstance(o, Traced) for o in load.origins):
            return False
        if load.relationship.is_backref:  # An option names it, perhaps before anything has configured the mappers.
            return False
        if not all(self._is_optionable(o) for o in load.origins if isinstance(o, Traced)):
            return False
        return all(self._is_near(root, load) for root in roots)

    def _is_optionable(self, origin: Traced) -> bool:
        """Can an option at the origin's query load a relationship of this object?"""
        if origin.root.kind != "query":
            return False
        place = self._tracing.place(origin.root)
        entity = entity_node(place, origin.root)
        if entity is None or not isinstance(entity, ast.Name | ast.Attribute):
            return False
        if [type(v) for v in self._tracing.values.get(entity, ())] != [ClassObject]:
            return False
        cls = next(v.cls for v in self._tracing.values[entity] if isinstance(v, ClassObject))
        return all(
            self._is_there(replace(origin, cls=relationship.owner, path=origin.path[:end]), relationship)
            for end, relationship in enumerate(along(self._program, cls, origin.path))
        )

    def _is_near(self, root: Root, load: Load) -> bool:
        """Does nobody else pay for it: does whoever runs the query read the relationship, or call who does?"""
        home = self._tracing.place(root).function
        readers = self._readers[load.key] | {load.function}
        return self._leads_to(home, readers) or self._is_wanted_above(home, root, readers, set())

    @cached_property
    def _readers(self) -> defaultdict[tuple[str, str], set[Function]]:
        """Relationship -> the functions that read it."""
        found: defaultdict[tuple[str, str], set[Function]] = defaultdict(set)
        for load in self._reads.all():
            found[load.key].add(load.function)
        return found

    def _leads_to(self, function: Function, readers: set[Function]) -> bool:
        """Is one of the readers among what a function calls, or defined inside it?"""
        pending, seen = [function], {function}
        while pending:
            current = pending.pop()
            if current in readers or any(r.parent is current for r in readers):
                return True
            for callee in self._colours.callees(current) - seen:
                seen.add(callee)
                pending.append(callee)
        return False

    def _is_wanted_above(self, function: Function, root: Root, readers: set[Function], seen: set[Function]) -> bool:
        """Do all callers that get the object read the relationship, or hand it on to such?"""
        if function in seen:
            return True
        seen.add(function)
        callers = {c for c in self._colours.callers(function) if not in_tests(c)}
        return bool(callers) and all(
            self._leads_to(c, readers) or (self._returns(c, root) and self._is_wanted_above(c, root, readers, seen))
            for c in callers
        )

    def _returns(self, function: Function, root: Root) -> bool:
        store = self._tracing.store
        given = store.peek("return", function.key) | store.peek("yield", function.key)
        return any(isinstance(o, Traced) and o.root == root for o in objects(given, self._tracing.is_mapped))

    # 2: it is awaited

    def _may_await(self, load: Load) -> bool:
        """Can the reader await, and are all objects it gets mapped ones?"""
        if is_in_lambda_or_default(load.source, load.node) or self._is_faked(
            load.function, load.owner, load.relationship.name
        ):
            return False
        if load.kind == "indirect" or self._program.interpreter.objects.is_plain(load.relationship.owner):
            return False
        if load.function.is_module:
            return self._colours.can_await(load.function, load.node)
        return self._colours.is_async(load.function) or self._can_become_async(load.function)

    def _is_faked(self, function: Function, owner: ast.expr, name: str) -> bool:
        """Do tests pass something that only looks like the mapped object whose attribute is read?"""
        values: Values = self._program.values(owner) | self._tracing.values.get(owner, frozenset())
        fakes = [v.origin.rsplit(":", 2)[0] for v in values if isinstance(v, Mock) and not v.path]
        return any(self._reads.tests.lead_to(path, function) for path in fakes) or any(
            isinstance(v, Instance) and self._has_of_its_own(v.cls, name) for v in values
        )

    def _has_of_its_own(self, cls: str, name: str) -> bool:
        """Has a class of the project that is not mapped an attribute of the name?"""
        classes = self._program.interpreter.objects
        if cls not in classes.classes or self._tracing.is_mapped(cls):
            return False
        has_any = classes.method(cls, "__getattr__") is not None
        return has_any or bool(classes.instance_attribute(cls, name) or classes.class_attribute(cls, name))

    def _can_become_async(self, function: Function) -> bool:
        """Is there no caller, near or far, that has to stay sync?"""
        pending, seen = [function], {function}
        while pending:
            current = pending.pop()
            boundary = boundary_of(self._program, current)
            if not current.is_async and boundary is not None and boundary.kind in CLOSED:
                return False
            if self._colours.is_async(current):
                continue
            for caller in self._colours.callers(current) - seen:
                seen.add(caller)
                pending.append(caller)
        return True


def entity_node(place: Place, root: Root) -> ast.expr | None:
    """The argument of a query's call that names the entity."""
    arguments = place.node.args
    if len(arguments) == 1 and isinstance(arguments[0], ast.List):
        arguments = arguments[0].elts
    if any(isinstance(a, ast.Starred) for a in arguments) or root.index >= len(arguments):
        return None
    return arguments[root.index]


def _goes_on(load: Load) -> bool:
    """Does a loop follow the relationship from object to object, nobody knows how far?"""
    ways = {(o.root, o.path) for o in load.origins if isinstance(o, Traced)}
    return any((root, (*path, load.relationship.name)) in ways for root, path in ways)
