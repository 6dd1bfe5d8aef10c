"""Reads that may send a query: of relationships and deferred columns, by code, schemas and templates."""

from __future__ import annotations

import ast
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from .mapped import Relationship
from .responses import Responses
from .source import Source
from .symbols import Function
from .templates import Templates
from .test_reach import TestReach
from .tracing import Traced, Tracing, objects
from .values import Instance, Text

if TYPE_CHECKING:
    from .colours import Colours
    from .program import Program

# Settings of a mapper by which the columns of subclasses come with the query for their base.
POLYMORPHIC_LOADING = frozenset({"polymorphic_load", "with_polymorphic"})


@dataclass(frozen=True, eq=False, slots=True)
class Load:
    """A place that may send a query for a relationship.

    `kind`: "read", "replace" (a collection is assigned, which loads the old one), "serve" (a schema reads it from what
    `node` gives), "indirect" (`getattr()` or an association proxy reads it), or "each" (`getattr()` in a loop over the
    names of all relationships). `owner` is the expression of the object. `origins` are those of the objects it can be
    that did not come with the relationship; one that is not `Traced` is unknown. `is_direct`: `owner` is the object
    itself, not a list of such or what the object is reached through. `is_seen`: a recording saw it. `goes_on`: the same
    is read of what it leads to, nobody knows how far.
    """

    function: Function
    node: ast.expr
    owner: ast.expr
    relationship: Relationship
    origins: tuple[Instance, ...]
    kind: str = "read"
    is_direct: bool = True
    is_seen: bool = False
    goes_on: bool = False

    @property
    def source(self) -> Source:
        return self.function.source

    @property
    def key(self) -> tuple[str, str]:
        return self.relationship.owner, self.relationship.name


def _may_load(program: Program, function: Function) -> bool:
    """Is it a lambda that is given to `run_sync`, inside which a read may load?"""
    return function.is_lambda and {policy for policy, _ in program.handed(function)} == {"greenlet"}


class Reads:
    """Finds the reads, with a traced run of the program."""

    def __init__(self, program: Program, colours: Colours) -> None:
        self._program = program
        self.tracing = Tracing(program.interpreter)
        self.tracing.run()
        self.responses = Responses(program, self.tracing)
        self._templates = Templates(program, self.tracing, self.responses)
        self._read_properties()
        self.tracing.fill()
        self.tests = TestReach(program, colours)

    def _read_properties(self) -> None:
        """Let properties and validators know the objects that schemas hand them."""
        for reading in list(self.responses.readings()):
            method = self.tracing.objects.method(reading.origins[0].cls, reading.name)
            if method is not None and method.is_property:
                self.tracing.read_property(method, reading.origins)
        for validator, values in list(self.responses.validated()):
            self.tracing.store.write(values, "parameter", validator.key, validator.parameters()[1].arg)
        self.tracing.settle(self.tracing.store.dirty)

    def all(self) -> Iterator[Load]:
        """All of them."""
        for function in self._program.functions:
            if self._program.stays_sync(function) or _may_load(self._program, function):
                continue
            for node in function.own_nodes():
                match node:
                    case ast.Attribute():
                        yield from self._read_or_seen(function, node)
                    case ast.Call(func=ast.Name(id="getattr" | "hasattr"), args=[owner, name, *_]):
                        yield from self._read_by_name(function, node, owner, name)
        for reading in (*self.responses.readings(), *self._templates.readings()):
            if not (self._program.stays_sync(reading.function) or _may_load(self._program, reading.function)):
                for relationship, origins in self._by_relationship(reading.origins, reading.name, reading.function):
                    yield Load(
                        reading.function,
                        reading.node,
                        reading.node,
                        relationship,
                        origins,
                        "serve",
                        reading.is_direct,
                        goes_on=reading.goes_on,
                    )

    def _read_or_seen(self, function: Function, node: ast.Attribute) -> Iterator[Load]:
        """What is inferred of a read, and what a recording saw."""
        cls = self._seen_class(function, node)
        inferred = list(self._read(function, node))
        yield from (replace(load, is_seen=True) for load in inferred) if cls else inferred
        if cls and not inferred and isinstance(node.ctx, ast.Load) and not self.origins(node.value):
            relationship = self._lazy(Instance(cls), node.attr)
            if relationship and relationship.lazy not in {"dynamic", "write_only"}:
                yield Load(function, node, node.value, relationship, (Instance(cls),), is_seen=True)

    def _seen_at(self, function: Function, node: ast.Call) -> dict[str, str]:
        """The attributes that a recording saw loaded on the line of a call, with the classes that have them."""
        lines = range(node.lineno, (node.end_lineno or node.lineno) + 1)
        found = {
            name: owner
            for (path, line, name), owner in self._program.seen.loads.items()
            if path == function.source.path and line in lines
        }
        known = self._program.interpreter.objects.mapped.known
        keys = {name: [k for k, m in known.items() if m.cls.name == owner] for name, owner in found.items()}
        return {name: each[0] for name, each in keys.items() if len(each) == 1}

    def _seen_class(self, function: Function, node: ast.Attribute) -> str | None:
        """The mapped class whose attribute a recording saw loaded here; None if none was, or the name is ambiguous."""
        seen = self._program.seen.loads
        path, lines = function.source.path, {node.lineno, node.end_lineno or node.lineno}
        name = next((seen[path, line, node.attr] for line in lines if (path, line, node.attr) in seen), None)
        mapped = self._program.interpreter.objects.mapped.known
        keys = [key for key, known in mapped.items() if known.cls.name == name]
        return keys[0] if len(keys) == 1 else None

    def _read(self, function: Function, node: ast.Attribute) -> Iterator[Load]:
        for relationship, origins in self._by_relationship(self.origins(node.value), node.attr, function):
            if isinstance(node.ctx, ast.Load):
                yield Load(function, node, node.value, relationship, origins)
            elif isinstance(node.ctx, ast.Store) and (relationship.many or _is_augmented(function.source, node)):
                yield Load(function, node, node.value, relationship, origins, "replace")
        if isinstance(node.ctx, ast.Load):
            yield from self._read_through(function, node)

    def _read_by_name(self, function: Function, node: ast.Call, owner: ast.expr, name: ast.expr) -> Iterator[Load]:
        """What `getattr()` reads: of the names that are known, of those that a recording saw, or each relationship."""
        known = {v.text for v in self._program.values(name) if isinstance(v, Text)}
        seen = {} if known else self._seen_at(function, node)
        for text, cls in seen.items():
            for relationship, origins in self._by_relationship(self.origins(owner) or [Instance(cls)], text, function):
                kind = "each" if len(node.args) == 2 else "indirect"
                yield Load(function, node, owner, relationship, origins, kind, is_seen=True)
        if len(node.args) == 2 and _goes_through_relationships(function, name):
            for origin in self.origins(owner):
                mapped = self._program.mapped(origin.cls)
                for text in mapped.relationships if mapped else ():
                    for relationship, origins in self._by_relationship([origin], text, function):
                        yield Load(function, node, owner, relationship, origins, "each")
        for text in sorted(known):
            for relationship, origins in self._by_relationship(self.origins(owner), text, function):
                yield Load(function, node, owner, relationship, origins, "indirect")

    def _read_through(self, function: Function, node: ast.Attribute) -> Iterator[Load]:
        """What an association proxy reads: a relationship, and an attribute of what it leads to."""
        owners = self.origins(node.value)
        mapped = [m for o in owners if (m := self._program.mapped(o.cls))]
        proxies = {m.proxies[node.attr] for m in mapped if node.attr in m.proxies}
        for first, second in sorted(proxies):
            behind = objects(self.tracing.attribute(frozenset(owners), first), self.tracing.is_mapped)
            for name, found in ((first, owners), (second, list(behind))):
                for relationship, origins in self._by_relationship(found, name, function):
                    yield Load(function, node, node.value, relationship, origins, "indirect", is_direct=False)

    def _by_relationship(
        self, objects: Iterable[Instance], name: str, function: Function
    ) -> Iterator[tuple[Relationship, tuple[Instance, ...]]]:
        """The lazy relationship of a name that objects have, and those objects; the first if there are more."""
        found: dict[Relationship, list[Instance]] = {}
        for origin in sorted(objects, key=_by_origin):
            mapped, relationship = self._program.mapped(origin.cls), self._lazy(origin, name)
            if relationship and relationship.lazy not in {"dynamic", "write_only"}:
                is_known = mapped is not None and (name in mapped.relationships or name in mapped.columns)
                found.setdefault(relationship, []).append(origin if is_known else Instance(relationship.owner))
        for relationship, origins in list(found.items())[:1]:
            yield relationship, tuple(self._met(origins, function)) or tuple(origins)

    def _lazy(self, origin: Instance, name: str) -> Relationship | None:
        """The relationship of a name that an object has, or a column that is loaded when it is read."""
        for mapped in self._program.interpreter.objects.polymorphic(origin.cls):
            if name in mapped.relationships:
                return mapped.relationships[name]
            if name in mapped.columns:
                is_left_out = isinstance(origin, Traced) and (*origin.path, name) in origin.deferred
                is_of_subclass = mapped.cls.key != origin.cls and not mapped.settings & POLYMORPHIC_LOADING
                return mapped.column(name) if is_left_out or is_of_subclass or name in mapped.deferred else None
        return None

    def _met(self, origins: Iterable[Instance], function: Function) -> Iterator[Instance]:
        """The objects that can really be met in a function: those made by tests only where these tests lead."""
        for origin in origins:
            made = origin.root if isinstance(origin, Traced) and origin.root.kind == "made" else None
            if made is None or self.tests.lead_to(self.tracing.place(made).source.path, function):
                yield origin

    def origins(self, owner: ast.expr) -> list[Instance]:
        """The objects that an expression can be; an object of unknown origin is unmarked."""
        is_mapped = self.tracing.is_mapped
        for values in (self.tracing.values.get(owner, frozenset()), self._program.values(owner)):
            found = [v for v in values if isinstance(v, Instance) and is_mapped(v.cls)]
            if found:
                return found
        return []


def _goes_through_relationships(function: Function, name: ast.expr) -> bool:
    """Is it the name of one, in `for relationship in inspect(cls).relationships`?"""
    names = {n.id for n in ast.walk(name) if isinstance(n, ast.Name)}
    return any(
        isinstance(loop, ast.For | ast.comprehension)
        and any(isinstance(n, ast.Attribute) and n.attr == "relationships" for n in ast.walk(loop.iter))
        and any(isinstance(n, ast.Name) and n.id in names for n in ast.walk(loop.target))
        for loop in function.own_nodes()
    )


def _is_augmented(source: Source, node: ast.expr) -> bool:
    return isinstance(source.parents[node], ast.AugAssign)


def _by_origin(origin: Instance) -> tuple[object, ...]:
    if isinstance(origin, Traced):
        return (0, origin.cls, origin.root, origin.path, tuple(sorted(origin.loaded)))
    return (1, origin.cls)
