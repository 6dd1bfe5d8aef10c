"""Objects that are expired on purpose, or by a rollback, and read afterwards: the next read loads them, implicitly.

With `expire_on_commit=False` a commit leaves objects as they are; a rollback, `expire()` and `expire_all()` do not.
"""

from __future__ import annotations

import ast
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from .bindings import iterable
from .cascades import Cascades
from .effects import Effects, Event
from .order import dominates, is_certain_behind, is_later, may_follow, runs_between
from .source import Source
from .symbols import Function
from .test_reach import in_tests
from .tracing import Traced, objects
from .values import Instance

if TYPE_CHECKING:
    from .program import Program

# Functions of Python whose result holds the objects of their arguments.
GIVING_ON = frozenset(
    {"enumerate", "filter", "iter", "list", "max", "min", "next", "reversed", "set", "sorted", "tuple", "zip"}
)


# What reads an object: an attribute of it, or a return, behind which others do.
Reading = ast.Attribute | ast.Return


@dataclass(frozen=True, eq=False, slots=True)
class Expired:
    """A read `node` of an object's attribute that `event` may have expired, or a return that gives it to others.

    `is_certain`: it always follows, and the object is known to be of the session; a refresh behind the event says so.
    """

    function: Function
    event: Event
    node: Reading
    is_certain: bool
    classes: frozenset[str]
    # Tests pass something that only looks like the object.
    is_faked: bool = False

    @property
    def source(self) -> Source:
        return self.function.source

    @property
    def owner(self) -> ast.expr:
        return owner_of(self.node)


class Expiry:
    """Finds the reads of expired objects."""

    def __init__(
        self, program: Program, effects: Effects, cascades: Cascades, origins: Callable[[ast.expr], list[Instance]]
    ) -> None:
        self._program = program
        self._effects = effects
        self._cascades = cascades
        self._origins = origins

    def reads(self) -> Iterator[Expired]:
        """Of each object that an event expires the reads that come first afterwards."""
        going_on = [f for f in self._program.functions if not self._program.stays_sync(f)]
        events = {f: [*self._effects.events(f), *self._cascades.events(f)] for f in going_on}
        yield from self._results(events)
        for function in going_on:
            yield from self._first(function, events[function])
        for wrapper, functions in self._program.decorators.wrapped.items():
            for function in functions:
                if self._effects.is_tried_again(wrapper, function):
                    yield from self._given_again(wrapper, function)

    def _given_again(self, wrapper: Function, function: Function) -> Iterator[Expired]:
        """The first reads of what a function is given, which a wrapper calls again behind a rollback."""
        source, nodes = function.source, list(function.own_nodes())
        names = {p.arg for p in function.parameters()}
        names -= {n.id for n in nodes if isinstance(n, ast.Name) and isinstance(n.ctx, ast.Store)}
        reads = [n for n in nodes if isinstance(n, ast.Attribute) and self._is_read(source, n)]
        given = [n for n in reads if isinstance(n.value, ast.Name) and n.value.id in names]
        assert isinstance(function.node, ast.stmt)
        event = Event(function.node, f"{wrapper.qualname} may call it again behind a rollback")
        for node in given:
            same = (o for o in given if o is not node and ast.dump(o.value) == ast.dump(node.value))
            if not any(dominates(source, other, node) for other in same):
                yield Expired(function, event, node, False, frozenset(o.cls for o in self._origins(node.value)))

    def _results(self, events: Mapping[Function, list[Event]]) -> Iterator[Expired]:
        """The reads of what a call gives, which may be expired; where a name gets it, that is added to the events."""
        pending = deque((f, event) for f in events if (event := self._expired_result(f, events[f])))
        seen: set[Function] = set()
        while pending:
            function, event = pending.popleft()
            callers = [] if function in seen else self._effects.callers(function)
            seen.add(function)
            for caller, call in callers:
                if caller not in events or in_tests(caller):
                    continue
                parents = caller.source.parents
                around = parents[call]
                match parents[around] if isinstance(around, ast.Await) else around:
                    case ast.Return():
                        pending.append((caller, event))
                    case ast.Attribute() as node if self._is_read(caller.source, node):
                        yield Expired(caller, event, node, False, frozenset(o.cls for o in self._origins(call)))
                    case ast.Assign(targets=[ast.Name(id=name)]) as bound:
                        events[caller].append(replace(event, node=bound, is_direct=False, names=frozenset({name})))
                        if result := self._expired_result(caller, events[caller]):
                            pending.append((caller, result))

    def _expired_result(self, function: Function, events: Iterable[Event]) -> Event | None:
        """What may have expired the object that a function returns."""
        nodes = list(function.own_nodes())
        for event in events:
            for node in nodes:
                match node:
                    case ast.Return(value=ast.Name() as owner) if self._origins(owner):
                        reads = self._first(function, [event])
                        given = Expired(function, event, node, False, frozenset())
                        if self._is_expired(function.source, event, node, nodes) and not any(
                            _same(read, given) and _is_covered(function.source, read, given) for read in reads
                        ):
                            return event
        return None

    def _first(self, function: Function, events: Iterable[Event]) -> Iterator[Expired]:
        source, nodes = function.source, list(function.own_nodes())
        found: list[Expired] = []
        for event in events:
            for node in nodes:
                if isinstance(node, ast.Attribute | ast.Return) and self._is_affected(source, event, node, nodes):
                    classes = frozenset(o.cls for o in self._origins(owner_of(node)))
                    is_certain = self._is_certain(source, event, node, nodes)
                    found.append(Expired(function, event, node, is_certain, classes))
        settled = [read for read in found if read.is_certain]
        for read in found:
            if read.is_certain:
                if not any(_same(o, read) and o.event is read.event for o in settled[: settled.index(read)]):
                    yield read
            elif not any(_same(o, read) and _is_covered(source, o, read) for o in found if o is not read):
                yield read

    def _is_affected(self, source: Source, event: Event, node: Reading, nodes: list[ast.AST]) -> bool:
        """Can the event have expired what is read?"""
        match node:
            case ast.Return(value=ast.Name()):
                if not event.classes or not self._is_certain(source, event, node, nodes):
                    return False
            case ast.Attribute(value=owner):
                is_known = _is_simple(owner) or (event.columns and _is_got(owner))
                if (
                    not is_known
                    or not self._is_read(source, node)
                    or (event.columns and node.attr not in event.columns)
                ):
                    return False
            case _:
                return False
        return self._is_expired(source, event, node, nodes)

    def _is_expired(self, source: Source, event: Event, node: Reading, nodes: list[ast.AST]) -> bool:
        """Can the event have expired the object that is read?"""
        owner = owner_of(node)
        if event.names and not (isinstance(owner, ast.Name) and owner.id in event.names):
            return False
        if event.classes and (
            event.classes.isdisjoint(o.cls for o in self._origins(owner)) or self._is_loaded_anew(event, owner)
        ):
            return False
        match event.node:
            case ast.Call(func=ast.Attribute(attr="expire"), args=[expired, *_]) if not event.classes:
                if ast.dump(expired) != ast.dump(owner):
                    return False
        return may_follow(source, event.node, node) and not self._is_bound_behind(source, event, node, nodes)

    def _is_read(self, source: Source, node: ast.Attribute) -> bool:
        """Is a column of a mapped object read, be it to be written at once?"""
        is_read = isinstance(node.ctx, ast.Load) or isinstance(source.parents.get(node), ast.AugAssign)
        return is_read and self._is_column(node)

    def _is_column(self, node: ast.Attribute) -> bool:
        """Is it a column of a mapped object? One that was made and never flushed is not expired."""
        for origin in self._origins(node.value):
            mapped = self._program.mapped(origin.cls)
            if mapped and node.attr in mapped.columns:
                return True
        return False

    def _is_bound_behind(self, source: Source, event: Event, node: Reading, nodes: list[ast.AST]) -> bool:
        """Has the variable been bound again, or the object loaded, between the event and the read?"""
        names = {n.id for n in ast.walk(owner_of(node)) if isinstance(n, ast.Name)}
        for other in nodes:
            match other:
                case ast.Name(id=name, ctx=ast.Store()) if name in names:
                    is_expired = name in event.names and source.statement(other) is event.node
                    if not is_expired and self._is_fresh(source, event, other, node, nodes):
                        return True
                case (
                    ast.Call(func=ast.Attribute(attr="refresh"), args=[owner, *_])
                    | ast.Await(value=ast.Attribute(value=ast.Attribute(value=owner, attr="awaitable_attrs")))
                ):
                    if ast.dump(owner) == ast.dump(owner_of(node)) and runs_between(source, event.node, other, node):
                        return True
        return False

    def _is_fresh(
        self,
        source: Source,
        event: Event,
        name: ast.Name,
        node: Reading,
        nodes: list[ast.AST],
        above: frozenset[ast.AST] = frozenset(),
    ) -> bool:
        """Is a name bound behind the event, to something that is loaded there?"""
        binding, within = self._bound_to(source, name)
        if not runs_between(source, event.node, binding, node):
            return False
        if self._is_loaded_anew(event, binding if isinstance(binding, ast.expr) else getattr(binding, "value", None)):
            return True
        names = {n.id for n in within if self._holds_objects(n)}
        return not names or any(
            isinstance(n, ast.Name)
            and n.id in names
            and isinstance(n.ctx, ast.Store)
            and n not in above
            and self._is_fresh(source, event, n, node, nodes, above | {name})
            for n in nodes
        )

    def _bound_to(self, source: Source, name: ast.Name) -> tuple[ast.AST, list[ast.Name]]:
        """Where a name gets its value, and the names of what that is only a part of."""
        run_through = iterable(source, name)
        if run_through is not None:
            return run_through, [n for n in ast.walk(run_through) if isinstance(n, ast.Name)]
        parent = source.parents.get(name)
        binding = parent if isinstance(parent, ast.NamedExpr) else source.statement(name)
        value = getattr(binding, "value", None)
        return binding, list(_parts(value)) if isinstance(value, ast.expr) else []

    def _is_loaded_anew(self, event: Event, node: ast.expr | None) -> bool:
        """Is it reached through an attribute of an object, which a cascade has expired as well?"""
        inner = ast.walk(node) if event.classes and node is not None else ()
        return any(isinstance(n, ast.Attribute) and self._origins(n.value) for n in inner)

    def _holds_objects(self, name: ast.Name) -> bool:
        values = self._program.values(name)
        return any(
            self._program.mapped(o.cls) for o in objects(values, lambda cls: self._program.mapped(cls) is not None)
        )

    def _is_certain(self, source: Source, event: Event, node: Reading, nodes: list[ast.AST]) -> bool:
        """Is the object surely one of the session, and surely read behind the event?"""
        statement = source.parents.get(event.node)
        if not event.is_direct or not isinstance(statement, ast.Expr) or not is_certain_behind(source, statement, node):
            return False
        flushed = any(_flushes(n) and dominates(source, n, event.node) for n in nodes)
        origins = self._origins(owner_of(node))
        return all(isinstance(o, Traced) and (o.root.kind in {"query", "get"} or o.path or flushed) for o in origins)


def owner_of(node: Reading) -> ast.expr:
    """The object that is read."""
    assert node.value is not None
    return node.value


def _parts(node: ast.expr) -> Iterator[ast.Name]:
    """The names of objects that a value gives on as they are: `rows[1:]`, `sorted(rows)`."""
    match node:
        case ast.Name():
            yield node
        case ast.Subscript(value=inner) | ast.Starred(value=inner):
            yield from _parts(inner)
        case ast.List(elts=parts) | ast.Tuple(elts=parts) | ast.Set(elts=parts) | ast.BoolOp(values=parts):
            for part in parts:
                yield from _parts(part)
        case ast.IfExp(body=body, orelse=orelse):
            yield from (*_parts(body), *_parts(orelse))
        case ast.Call(func=ast.Name(id=name), args=arguments) if name in GIVING_ON:
            for argument in arguments:
                yield from _parts(argument)
        case (
            ast.ListComp(elt=ast.Name(), generators=[generator])
            | ast.GeneratorExp(elt=ast.Name(), generators=[generator])
        ):
            yield from _parts(generator.iter)


def _flushes(node: ast.AST) -> bool:
    return isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr in {"commit", "flush"}


def _same(one: Expired, other: Expired) -> bool:
    return ast.dump(one.owner) == ast.dump(other.owner)


def _is_covered(source: Source, earlier: Expired, read: Expired) -> bool:
    """Has the earlier read, or the refresh that stands for it, loaded the object already?"""
    if earlier.is_certain:
        return dominates(source, earlier.event.node, read.node) and earlier.event is read.event
    if earlier.event is not read.event:
        return earlier.node is read.node and is_later(earlier.event.node, read.event.node)
    return dominates(source, earlier.node, read.node)


def _is_simple(node: ast.expr) -> bool:
    """Is this a variable, an attribute of one, or an item at a constant place?"""
    while isinstance(node, ast.Attribute) or (isinstance(node, ast.Subscript) and isinstance(node.slice, ast.Constant)):
        node = node.value
    return isinstance(node, ast.Name)


def _is_got(node: ast.expr) -> bool:
    """Is this `session.get(Model, key)`, which gives the object that the session has already?"""
    return isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr == "get"
