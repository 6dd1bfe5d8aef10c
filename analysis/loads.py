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
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING

from .boundaries import boundary_of
from .mapped import Relationship
from .order import dominates
from .source import Source
from .symbols import Function
from .tracing import EAGER, EVERYTHING, Path, Place, Root, Traced, Tracing, objects
from .values import Instance, Mock, Values

if TYPE_CHECKING:
    from .colours import AsyncSite, Colours
    from .program import Program

# Boundaries behind which nothing can be awaited.
CLOSED = frozenset({"property", "special", "callback", "lambda", "greenlet", "kept"})
# A reader that is sync but for its lazy loads stays so if this many queries can load for it.
MOST_QUERIES = 8


@dataclass(frozen=True, eq=False, slots=True)
class Load:
    """A place that may send a query for a relationship.

    `node` is what reads (or, as a whole, replaces) it, `owner` the expression of the object. `origins` are those of the
    objects it can be that did not come with the relationship; one that is not `Traced` is unknown.
    """

    function: Function
    node: ast.expr
    owner: ast.expr
    relationship: Relationship
    origins: tuple[Instance, ...]
    is_replaced: bool = False

    @property
    def source(self) -> Source:
        return self.function.source

    @property
    def key(self) -> tuple[str, str]:
        return self.relationship.owner, self.relationship.name


@dataclass(slots=True)
class Loads:
    """What is done about each implicit load."""

    awaited: list[Load] = field(default_factory=list)
    # Root -> path -> the loads that need it.
    options: defaultdict[Root, dict[Path, list[Load]]] = field(default_factory=lambda: defaultdict(dict))
    # (class that declares it, name) -> the loads that need it.
    eager: defaultdict[tuple[str, str], list[Load]] = field(default_factory=lambda: defaultdict(list))
    tracing: Tracing | None = None

    def place(self, root: Root) -> Place:
        """Where the query of a root begins."""
        assert self.tracing is not None
        return self.tracing.place(root)


def find_loads(program: Program, colours: Colours) -> Loads:
    """All implicit loads of a program whose other colours are known, and what is done about them."""
    return _Finder(program, colours).found if _is_lazy_anywhere(program) else Loads()


def implicit_loads(program: Program, loads: Loads) -> Iterator[AsyncSite]:
    """The loads that are awaited where they stand, as seeds."""
    from .colours import AsyncSite

    for load in loads.awaited:
        text = program.short(load.source, load.node)
        yield AsyncSite(load.function, load.node, "load", None, f"loads {text}")


def _is_lazy_anywhere(program: Program) -> bool:
    mapped = program.interpreter.objects.mapped.known.values()
    return any(m.relationships for m in mapped) and not all(map(program.stays_sync, program.functions))


class _Finder:
    """Finds the loads and chooses."""

    def __init__(self, program: Program, colours: Colours) -> None:
        self._program = program
        self._colours = colours
        self._tracing = Tracing(program.sources, program.interpreter)
        self._tracing.run()
        self.found = Loads(tracing=self._tracing)
        for load in sorted(self._loads(), key=self._urgency):
            self._choose(load)
        self.found.awaited = [load for load in self.found.awaited if not self._is_awaited_before(load)]

    def _urgency(self, load: Load) -> tuple[bool, int]:
        """Readers that can't await come first, then what is nearer to its root: others may need no more then."""
        return self._may_await(load), max((len(o.path) for o in load.origins if isinstance(o, Traced)), default=0)

    # Finding

    def _loads(self) -> Iterator[Load]:
        for function in self._program.functions:
            if self._program.stays_sync(function):
                continue
            for node in function.own_nodes():
                if isinstance(node, ast.Attribute):
                    yield from self._read(function, node, node.value, node.attr, not isinstance(node.ctx, ast.Load))

    def _read(self, function: Function, node: ast.expr, owner: ast.expr, name: str, is_stored: bool) -> Iterator[Load]:
        by_relationship: defaultdict[Relationship, list[Instance]] = defaultdict(list)
        for origin in self.origins(owner):
            mapped = self._program.mapped(origin.cls)
            if mapped and name in mapped.relationships:
                by_relationship[mapped.relationships[name]].append(origin)
        for relationship, origins in by_relationship.items():
            if is_stored and not (relationship.many and not _is_deleted(node)):
                continue
            if relationship.lazy in {"dynamic", "write_only"}:
                continue
            yield Load(function, node, owner, relationship, tuple(origins), is_stored)
            return

    def origins(self, owner: ast.expr) -> list[Instance]:
        """The objects that an expression can be, known origins first; an object of unknown origin is unmarked."""
        is_mapped = self._tracing.is_mapped
        found = [
            v for v in self._tracing.values.get(owner, frozenset()) if isinstance(v, Instance) and is_mapped(v.cls)
        ]
        if not found:
            found = [v for v in self._program.values(owner) if isinstance(v, Instance) and is_mapped(v.cls)]
        return sorted(found, key=_by_origin)

    # Is there anything to load?

    def _is_there(self, origin: Instance, relationship: Relationship) -> bool:
        """Does the object come with the relationship?"""
        if not isinstance(origin, Traced):
            return False
        path = (*origin.path, relationship.name)
        is_eager = relationship.lazy in EAGER or (relationship.owner, relationship.name) in self.found.eager
        refreshed = self._tracing.refreshed.get(origin.root)
        if origin.root.kind == "made" and not origin.path:
            if origin.root not in self._tracing.given_away:
                return True
            is_given = path in origin.loaded or self._tracing.is_assigned(origin, relationship.name)
            return is_eager if refreshed else is_given
        if self._program.stays_sync(self._tracing.place(origin.root).function):
            return True
        return (
            is_eager or bool({path, (EVERYTHING,)} & origin.loaded) or path in self.found.options.get(origin.root, ())
        )

    # Choosing

    def _choose(self, load: Load) -> None:
        missing = tuple(o for o in load.origins if not self._is_there(o, load.relationship))
        if not missing:
            return
        load = Load(load.function, load.node, load.owner, load.relationship, missing, load.is_replaced)
        if self._takes_options(load):
            for origin in missing:
                assert isinstance(origin, Traced)
                self.found.options[origin.root].setdefault((*origin.path, load.relationship.name), []).append(load)
        elif self._may_await(load) and not self._is_helper(load):
            self.found.awaited.append(load)
        else:
            self.found.eager[load.key].append(load)

    def _is_helper(self, load: Load) -> bool:
        """Is the reader a helper that had nothing to do with the database, and better stays so?

        It stays sync where loading one object more with each owner is all that takes.
        """
        function = load.function
        is_handed = any(policy != "project" for policy, _ in self._program.handed(function))
        if self._colours.is_async(function) or is_handed or is_test(function) or load.relationship.many:
            return False
        return all(self._would_be_there(o) for o in load.origins) and bool(self._colours.callers(function))

    def _would_be_there(self, origin: Instance) -> bool:
        """Would the object come with the relationship if that were loaded eagerly?"""
        if not isinstance(origin, Traced):
            return False
        return origin.root.kind == "query" or bool(self._tracing.refreshed.get(origin.root))

    def _is_awaited_before(self, load: Load) -> bool:
        """Is the same attribute of the same variable awaited on every way that leads here?"""
        text = ast.dump(load.owner)
        return any(
            other is not load
            and other.function is load.function
            and other.relationship.name == load.relationship.name
            and ast.dump(other.owner) == text
            and dominates(load.source, other.node, load.node)
            and not self._changes_between(load, other.node)
            for other in self.found.awaited
        )

    def _changes_between(self, load: Load, earlier: ast.expr) -> bool:
        """Is the variable bound again, or the object expired, between the two reads?"""
        names = {n.id for n in ast.walk(load.owner) if isinstance(n, ast.Name)}
        span = _position(earlier), _position(load.node)
        for node in load.function.own_nodes():
            if not (isinstance(node, ast.expr) and span[0] < _position(node) < span[1]):
                continue
            match node:
                case ast.Name(id=name, ctx=ast.Store()) if name in names:
                    return True
                case ast.Call(func=ast.Attribute(attr="rollback" | "refresh" | "expire" | "expire_all")):
                    return True
        return False

    # 1: the query loads it

    def _takes_options(self, load: Load) -> bool:
        roots = {o.root for o in load.origins if isinstance(o, Traced)}
        if len(roots) > MOST_QUERIES or not all(isinstance(o, Traced) for o in load.origins):
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
        if len(self._tracing.values.get(entity, ())) != 1:
            return False
        loaded = self.found.options.get(origin.root, {})
        return all(
            origin.path[:end] in origin.loaded or origin.path[:end] in loaded for end in range(1, len(origin.path) + 1)
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
        for load in self._loads():
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
        callers = {c for c in self._colours.callers(function) if not is_test(c)}
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
        if _is_in_lambda_or_default(load.source, load.node) or self._is_faked(load):
            return False
        if load.function.is_module:
            return False
        return self._colours.is_async(load.function) or self._can_become_async(load.function)

    def _is_faked(self, load: Load) -> bool:
        """Do tests pass something that only looks like the mapped object?"""
        values: Values = self._program.values(load.owner) | self._tracing.values.get(load.owner, frozenset())
        return any(isinstance(v, Mock) and not v.path for v in values) or any(
            isinstance(v, Instance) and self._has_of_its_own(v.cls, load.relationship.name) for v in values
        )

    def _has_of_its_own(self, cls: str, name: str) -> bool:
        """Has a class of the project that is not mapped an attribute of the name?"""
        classes = self._program.interpreter.objects
        if cls not in classes.classes or self._tracing.is_mapped(cls):
            return False
        return bool(classes.instance_attribute(cls, name) or classes.class_attribute(cls, name))

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


def is_test(function: Function) -> bool:
    """Does a function stand in a file of tests?"""
    *folders, name = function.source.path.split("/")
    return name.startswith("test_") or name.endswith("_test.py") or name == "conftest.py" or "tests" in folders


def _is_in_lambda_or_default(source: Source, node: ast.AST) -> bool:
    child, parent = node, source.parents.get(node)
    while parent is not None and not isinstance(parent, ast.FunctionDef | ast.AsyncFunctionDef | ast.Module):
        if isinstance(parent, ast.Lambda | ast.ClassDef):
            return True
        child, parent = parent, source.parents.get(parent)
    return isinstance(parent, ast.FunctionDef | ast.AsyncFunctionDef) and child is parent.args


def _is_deleted(node: ast.expr) -> bool:
    return isinstance(getattr(node, "ctx", None), ast.Del)


def _position(node: ast.expr) -> tuple[int, int]:
    return node.lineno, node.col_offset


def _by_origin(origin: Instance) -> tuple[object, ...]:
    if isinstance(origin, Traced):
        return (0, origin.cls, origin.root, origin.path, tuple(sorted(origin.loaded)))
    return (1, origin.cls)
