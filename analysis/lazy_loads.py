"""Lazy loads in code that is async already: relationships that are read from objects whose query did not load them."""

from __future__ import annotations

import ast
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

from .calling import edges, runs_on_loop, tests_aside
from .mapped import Mapped, Relationship
from .once import once
from .order import dominates
from .responses import Responses
from .session_use import is_async_database
from .stand_ins import is_test_code
from .symbols import Function
from .templates import Templates
from .tracing import EAGER, EVERYTHING, Place, Traced, Tracing
from .values import ClassObject, Text, Value

if TYPE_CHECKING:
    from .program import Program

# A read that so many queries lead to is mended where it stands, or at the relationship.
MANY_QUERIES = 3


@dataclass(frozen=True, eq=False, slots=True)
class LazyLoad:
    """`node` in `function` reads `relationship` of an object that came from one of `places`, which do not load it."""

    function: Function
    node: ast.expr
    relationship: Relationship
    path: tuple[str, ...]
    places: tuple[Place, ...]

    @property
    def is_at_query(self) -> bool:
        """Is the query the place to mend it?"""
        return len(self.places) < MANY_QUERIES


@once
def lazy_loads(program: Program) -> list[LazyLoad]:
    """All of them outside of the suite."""
    return list(_Finder(program).find()) if _is_lazy_anywhere(program) else []


@once
def traced(program: Program) -> Tracing:
    """The run that knows where objects come from, of a program that stays as it is."""
    tracing = Tracing(program.interpreter)
    tracing.run()
    return tracing


def _is_lazy_anywhere(program: Program) -> bool:
    known = program.interpreter.objects.mapped.known.values()
    return any(r.lazy not in EAGER for mapped in known for r in mapped.relationships.values())


class _Finder:
    def __init__(self, program: Program) -> None:
        self._program = program
        self._tracing = traced(program)
        self._on_loop = _running(program)

    def find(self) -> Iterator[LazyLoad]:
        for function in tests_aside(self._program):
            if function not in self._on_loop or self._is_in_greenlet(function):
                continue
            guarded = set(_guarded(function))
            for node in function.own_nodes():
                read = _read(self._program, node)
                if read is not None and read[1] not in guarded and not _is_awaited_before(function, node, *read):
                    owner, name = read
                    for load in self._load(function, node, name, self._values(function, owner)):
                        guarded.add(name)
                        yield load
        responses = Responses(self._program, self._tracing)
        templates = Templates(self._program, self._tracing, responses)
        for reading in (*responses.readings(), *templates.readings()):
            function, node = reading.function, reading.node
            if not runs_on_loop(self._program, function) or is_test_code(function):
                continue
            if not _is_awaited_before(function, node, node, reading.name):
                yield from self._load(function, node, reading.name, reading.origins)

    def _is_in_greenlet(self, function: Function) -> bool:
        return any(policy == "greenlet" for policy, _ in self._program.handed(function))

    def _values(self, function: Function, owner: ast.expr) -> Iterable[Value]:
        """What an object can be; of a parameter only what its annotation says, if it names mapped classes."""
        values = self._tracing.values.get(owner, frozenset())
        hints = [p.annotation for p in function.parameters() if isinstance(owner, ast.Name) and p.arg == owner.id]
        named = {
            v.cls
            for hint in hints
            for n in (ast.walk(hint) if hint else ())
            if isinstance(n, ast.Name | ast.Attribute)
            for v in self._program.values(n)
            if isinstance(v, ClassObject) and self._program.mapped(v.cls)
        }
        ancestry = self._program.interpreter.objects.ancestry
        return [v for v in values if not named or (isinstance(v, Traced) and not named.isdisjoint(ancestry(v.cls)))]

    def _load(self, function: Function, node: ast.AST, name: str, values: Iterable[Value]) -> Iterator[LazyLoad]:
        assert isinstance(node, ast.expr)
        missing: dict[Place, Traced] = {}
        found: Relationship | None = None
        loaded = [v for v in values if isinstance(v, Traced) and v.root.kind != "made"]
        for value in sorted(loaded, key=lambda v: (v.cls, v.root, v.path)):
            mapped = self._program.mapped(value.cls)
            relationship = (mapped.relationships.get(name) or _deferred(mapped, name, value)) if mapped else None
            if relationship is None or self._is_there(value, relationship):
                continue
            place = self._tracing.place(value.root)
            if self._is_async(place):
                found = relationship
                missing[place] = value
        if found is not None:
            path = next(iter(missing.values())).path
            yield LazyLoad(function, node, found, (*path, name), tuple(missing))

    def _is_async(self, place: Place) -> bool:
        """Is the query sent through an async session, as far as is seen?"""
        return runs_on_loop(self._program, place.function) or any(
            is_async_database(self._program, self._program.parameter(place.function, p.arg))
            for p in place.function.parameters()
        )

    def _is_there(self, value: Traced, relationship: Relationship) -> bool:
        """Does the object come with the relationship?"""
        if relationship.lazy in EAGER or relationship.lazy in {"dynamic", "write_only"}:
            return True
        path = (*value.path, relationship.name)
        reloaded = (value.root, value.path, relationship.name) in self._tracing.reloaded
        return reloaded or bool({path, (EVERYTHING,)} & value.loaded)


def _deferred(mapped: Mapped, name: str, value: Traced) -> Relationship | None:
    """A column that is loaded when it is read, by itself or since the query leaves it out."""
    is_left_out = name in mapped.columns and (*value.path, name) in value.deferred
    return mapped.column(name) if is_left_out or name in mapped.deferred else None


def _read(program: Program, node: ast.AST) -> tuple[ast.expr, str] | None:
    """The object and the name of an attribute that is read: `x.name`, `getattr(x, "name")`, `hasattr(x, "name")`."""
    match node:
        case ast.Attribute(value=owner, attr=name, ctx=ast.Load()):
            return owner, name
        case ast.Call(func=ast.Name(id="getattr" | "hasattr"), args=[owner, attribute, *_]):
            for value in program.values(attribute):
                if isinstance(value, Text):
                    return owner, value.text
    return None


def _guarded(function: Function) -> frozenset[str]:
    """Names that a function asks for before it reads them: `"posts" in inspect(user).unloaded`."""
    found: set[str] = set()
    for node in function.own_nodes():
        match node:
            case ast.Compare(left=ast.Constant(value=str(name)), ops=[ast.In() | ast.NotIn()]):
                found.add(name)
    return frozenset(found)


def _is_awaited_before(function: Function, node: ast.AST, owner: ast.expr, name: str) -> bool:
    """Has `await owner.awaitable_attrs.name` loaded it on every way that leads here?"""
    for other in function.own_nodes():
        match other:
            case ast.Attribute(value=ast.Attribute(value=awaited, attr="awaitable_attrs"), attr=attribute):
                is_same = attribute == name and ast.dump(awaited) == ast.dump(owner)
                if is_same and dominates(function.source, other, node):
                    return True
    return False


def _running(program: Program) -> set[Function]:
    """What runs on the loop: async functions, and the sync ones that they reach."""
    found = {f for f in program.functions if runs_on_loop(program, f)}
    pending = list(found)
    while pending:
        for _, callee in edges(program).get(pending.pop(), ()):
            if callee not in found:
                found.add(callee)
                pending.append(callee)
    return found
