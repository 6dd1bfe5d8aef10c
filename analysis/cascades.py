"""What else a refresh, or `expire()`, of an object expires: what its relationships with that cascade hold.

`cascade="all"` says "refresh-expire" too. Where names of attributes are given nothing cascades; and what the refresh
loads again, by the relationship's `lazy=` or by the options of the query that the object came from, is fresh at once.
"""

from __future__ import annotations

import ast
from collections import defaultdict, deque
from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace
from functools import cached_property
from typing import TYPE_CHECKING

from .declared import declared
from .eager_depth import LOADERS
from .effects import Event
from .mapped import Relationship
from .order import may_follow
from .provenance import bound
from .symbols import Function, dotted
from .tracing import Traced
from .values import ClassObject, Instance

if TYPE_CHECKING:
    from .colours import Colours
    from .program import Program

CASCADE = frozenset({"all", "refresh-expire"})


def cascades(relationship: Relationship) -> bool:
    """Does a refresh of an object expire what the relationship holds?"""
    given = declared(relationship, "cascade")
    text = given.value if isinstance(given, ast.Constant) else ""
    return not CASCADE.isdisjoint(word.strip() for word in str(text).split(","))


def is_whole(node: ast.Call) -> bool:
    """Does a call of `refresh()` or `expire()` mean all of the object? Single attributes do not cascade."""
    return len(node.args) == 1 and all(k.arg != "attribute_names" for k in node.keywords)


class Reach:
    """What the cascade of an object reaches.

    `origins` are the objects that an expression can be; `is_loaded` says whether one has what a relationship holds,
    `comes_again` whether a refresh loads it.
    """

    def __init__(
        self,
        program: Program,
        origins: Callable[[ast.expr], Iterable[Instance]],
        is_loaded: Callable[[Instance, Relationship], bool],
        comes_again: Callable[[Instance, Relationship], bool],
    ) -> None:
        self._program = program
        self._origins = origins
        self._is_loaded = is_loaded
        self._comes_again = comes_again

    @cached_property
    def cascading(self) -> dict[str, list[Relationship]]:
        """Class -> its relationships with the cascade."""
        known = self._program.interpreter.objects.mapped.known
        found = {key: [r for r in mapped.relationships.values() if cascades(r)] for key, mapped in known.items()}
        return {key: relationships for key, relationships in found.items() if relationships}

    def classes(self, function: Function, node: ast.expr, owner: ast.expr) -> frozenset[str]:
        """The classes whose objects the refresh of an owner, or its `expire()`, expires."""
        is_refresh = not (isinstance(node, ast.Call) and dotted(node.func).endswith(".expire"))
        pending = [(o, True) for o in self._origins(owner) if o.cls in self.cascading]
        touched = set(self._touched(function, node)) if pending else set()
        found, seen = set[str](), set[str]()
        while pending:
            origin, is_first = pending.pop()
            for relationship in self.cascading.get(origin.cls, ()):
                if not self._is_held(origin, relationship, touched):
                    continue
                is_again = self._comes_again(origin, relationship) if is_first else relationship.lazy in LOADERS
                if not (is_again and is_refresh):
                    found.add(relationship.target)
                if relationship.target not in seen:
                    seen.add(relationship.target)
                    pending.append((_along(origin, relationship), False))
        return frozenset(found)

    def _is_held(self, origin: Instance, relationship: Relationship, touched: set[tuple[str, str]]) -> bool:
        """Has the object what the relationship holds? One that was made has what was put there."""
        is_from_database = isinstance(origin, Traced) and origin.root.kind != "made"
        is_touched = not is_from_database and (relationship.holder, relationship.name) in touched
        return is_touched or self._is_loaded(origin, relationship)

    def _touched(self, function: Function, refresh: ast.expr) -> Iterator[tuple[str, str]]:
        """Class and name of the relationships that a function names before a refresh, or gives when it makes an object.

        Who is given its parent is put into the parent's collection.
        """
        for node in function.own_nodes():
            if isinstance(node, ast.Attribute | ast.Call) and may_follow(function.source, node, refresh):
                if isinstance(node, ast.Attribute):
                    yield from ((o.cls, node.attr) for o in self._origins(node.value))
                    continue
                made = [v.cls for v in self._program.values(node.func) if isinstance(v, ClassObject)]
                for keyword in node.keywords if made else ():
                    yield from ((cls, keyword.arg) for cls in made if keyword.arg)
                    for parent in self._origins(keyword.value):
                        mapped = self._program.mapped(parent.cls)
                        others = mapped.relationships.values() if mapped else ()
                        yield from ((parent.cls, r.name) for r in others if r.target in made)


class Cascades:
    """Finds where a function, or what it calls, refreshes an object that others hang on."""

    def __init__(self, program: Program, colours: Colours, reach: Reach) -> None:
        self._program = program
        self._colours = colours
        self._reach = reach

    def events(self, function: Function) -> Iterator[Event]:
        """Behind which calls objects of some classes may be expired."""
        if not self._reach.cascading:
            return
        for node, owner in self._refreshes(function):
            if classes := self._reach.classes(function, node, owner):
                why = f"{function.source.text(node.func)}({function.source.text(owner)}) expires it by its cascade"
                yield Event(node, why, is_direct=True, classes=classes)
        for callee, call in self._colours.calls_in(function):
            given = bound(callee, call) if isinstance(call, ast.Call) else {}
            for owner in (given[name] for name in self._refreshed_parameters[callee] & given.keys()):
                if classes := self._reach.classes(function, call, owner):
                    why = f"{callee.qualname} refreshes {function.source.text(owner)}, which expires it by its cascade"
                    yield Event(call, why, classes=classes)

    def _refreshes(self, function: Function) -> Iterator[tuple[ast.Call, ast.expr]]:
        """The calls that refresh, or expire, all of an object."""
        for node in function.own_nodes():
            match node:
                case ast.Call(func=ast.Attribute(value=session, attr="refresh" | "expire"), args=[owner, *_]):
                    values = self._program.values(session)
                    if is_whole(node) and self._program.is_session(values) and self._program.becomes_async(values):
                        yield node, owner

    @cached_property
    def _refreshed_parameters(self) -> defaultdict[Function, set[str]]:
        """The parameters of functions that they, or what they call, refresh."""
        found: defaultdict[Function, set[str]] = defaultdict(set)
        pending = deque((f, owner) for f in self._program.functions for _, owner in self._refreshes(f))
        while pending:
            function, owner = pending.popleft()
            if not isinstance(owner, ast.Name) or owner.id in found[function]:
                continue
            if owner.id in {p.arg for p in function.parameters()}:
                found[function].add(owner.id)
                for site in self._colours.calls_of(function):
                    given = bound(function, site.node) if isinstance(site.node, ast.Call) else {}
                    pending.extend((site.function, a) for name, a in given.items() if name == owner.id)
        return found


def _along(origin: Instance, relationship: Relationship) -> Instance:
    """What a relationship of an object leads to."""
    if isinstance(origin, Traced):
        return replace(origin, cls=relationship.target, path=(*origin.path, relationship.name))
    return Instance(relationship.target)
