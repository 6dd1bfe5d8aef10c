"""Where mapped objects come from: the interpreter run once more, with each object marked by the query that loads it.

The values of the ordinary run say of which class an object is. Here an object also has a root, the query, `get()` or
constructor call that it came from, the relationships that lead from there to it, and those that are loaded with it. An
annotation says nothing of this, so annotations of mapped classes are passed over at first; what then is empty, though
the ordinary run knows its class, gets the plain, unmarked instance: an object of unknown origin.
"""

from __future__ import annotations

import ast
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace

from .annotations import Annotations
from .arguments import Arguments
from .calls import GROWING, Calls
from .interpreter import Interpreter
from .library import library, split
from .loader_options import LEADING, LOADING, OF_COLUMNS, LoaderOptions, Option, Path
from .mapped import Mapped
from .members import Env
from .source import Source
from .store import Cell, Store, depth, parts
from .symbols import Function
from .values import (
    NOTHING,
    Awaitable,
    ClassObject,
    Entity,
    External,
    Instance,
    Many,
    Query,
    Statement,
    Table,
    Text,
    Value,
    Values,
    flat,
)

# Relationships that load with the object that has them.
EAGER = frozenset({"joined", "selectin", "subquery", "immediate", "noload", "raise", "raise_on_sql"})
EVERYTHING = "*"
# Relationships are followed this far from the root; beyond, the origin is not known.
FARTHEST = 4
WIDTH = 120
SESSIONS = ("sqlalchemy.orm.Session", "sqlalchemy.ext.asyncio.AsyncSession")


@dataclass(frozen=True, slots=True, order=True)
class Root:
    """The call that an object came from: `kind` is "query", "get" or "made"; `index` its place among the entities."""

    kind: str
    key: str
    index: int = 0


@dataclass(frozen=True, slots=True)
class Traced(Instance):
    """A mapped object of known origin: from `root` along `path`.

    `loaded` are the paths that come with the root, `deferred` the columns that its query leaves out.
    """

    root: Root = Root("", "")
    path: Path = ()
    loaded: frozenset[Path] = frozenset()
    deferred: frozenset[Path] = frozenset()


@dataclass(frozen=True, slots=True)
class TracedEntity(Entity):
    """An entity of a known query; the objects of its rows are marked."""

    root: Root = Root("", "")
    loaded: frozenset[Path] = frozenset()
    deferred: frozenset[Path] = frozenset()

    def instance(self) -> Instance:
        return Traced(self.cls, root=self.root, loaded=self.loaded, deferred=self.deferred)


@dataclass(frozen=True, slots=True)
class Place:
    """A call and the function it stands in."""

    function: Function
    node: ast.Call

    @property
    def source(self) -> Source:
        return self.function.source


class Tracing(Interpreter):
    """The interpreter whose mapped objects are marked with where they come from."""

    def __init__(self, ordinary: Interpreter) -> None:
        super().__init__(ordinary.modules, ordinary.symbols)
        self.ordinary = ordinary
        self.filling = False
        self.roots: dict[str, Place] = {}
        # Made objects that may have reached a session, by root.
        self.given_away: set[Root] = set()
        # Relationships that were assigned to an object after its construction, and the functions that did so.
        self.assigned: defaultdict[tuple[Root, Path, str], set[Function]] = defaultdict(set)
        # Relationships that `session.refresh(object, [names])` loads.
        self.reloaded: set[tuple[Root, Path, str]] = set()
        # `session.refresh(object)` and its like, by root.
        self.refreshed: defaultdict[Root, dict[ast.Call, Place]] = defaultdict(dict)
        self.store = self.objects._store = _JoiningStore()
        self.options = LoaderOptions(self)
        self.calls = _Calls(self)
        self.annotations = _Annotations(self)

    def read_property(self, method: Function, origins: Iterable[Instance]) -> None:
        """A property is read from objects by something that is not code of the project."""
        self.store.write(frozenset(origins), "parameter", method.key, method.parameters()[0].arg)

    def fill(self) -> None:
        """Evaluate everything again, with objects of unknown origin where nothing was found so far."""
        for cell, values in self.ordinary.store.cells().items():
            if self.has_objects(values) and not self.has_objects(self.store.peek(*cell)):
                self.store.write(frozenset(v for v in values if self.has_objects(frozenset({v}))), *cell)
        self.filling = True
        self.run()

    def is_mapped(self, cls: str) -> bool:
        """Is this a mapped class of the project?"""
        return self.objects.mapped[cls] is not None

    def has_objects(self, values: Values) -> bool:
        """Is a mapped object among the values, or within them?"""
        return any(True for _ in objects(values, self.is_mapped))

    def place(self, root: Root) -> Place:
        """Where the call of a root stands."""
        return self.roots[root.key]

    def root(self, kind: str, node: ast.Call, index: int = 0) -> Root:
        """The root that a call is."""
        key = f"{self.current.source.path}:{node.lineno}:{node.col_offset}:{node.end_lineno}:{node.end_col_offset}"
        self.roots[key] = self.here(node)
        return Root(kind, key, index)

    def here(self, node: ast.Call) -> Place:
        """The place of a call in the function that is being evaluated."""
        return Place(self.ordinary.functions[self.current.key], node)

    def give_away(self, values: Values) -> None:
        """The objects may be part of a session from now on."""
        self.given_away.update(o.root for o in traced(values) if o.root.kind == "made")

    def _own_receiver(self, function: Function) -> Values:
        assert function.owner is not None
        if function.binding != "instance" or not self.is_mapped(function.owner.key):
            return super()._own_receiver(function)
        given = self.store.peek("parameter", function.key, function.parameters()[0].arg)
        return super()._own_receiver(function) if self.filling and not self.has_objects(given) else NOTHING

    def _attribute_of(self, value: Value, name: str) -> Values:
        if isinstance(value, Option):
            return frozenset({External(f"option.{name}", value)})
        return super()._attribute_of(value, name)

    def _instance_attribute(self, value: Instance, name: str) -> Values:
        mapped = self.objects.mapped[value.cls]
        if not (isinstance(value, Traced) and mapped and name in mapped.relationships):
            return super()._instance_attribute(value, name)
        relationship = mapped.relationships[name]
        if value.root.kind == "made" and ((*value.path, name) in value.loaded or self.is_assigned(value, name)):
            given = self.store.read("instance", value.cls, name)
            if given:
                return given
        if not relationship.target:
            return super()._instance_attribute(value, name)
        target: Value = Instance(relationship.target)
        if len(value.path) < FARTHEST:
            target = replace(value, cls=relationship.target, path=(*value.path, name))
        values: Values = frozenset({target})
        return frozenset({Many(values)}) if relationship.many else values

    def is_assigned(self, value: Traced, name: str) -> bool:
        """Was the relationship assigned after the object was made?"""
        return (value.root, value.path, name) in self.assigned

    def assign(self, target: ast.expr, values: Values, env: Env, value: ast.expr | None) -> None:
        super().assign(target, values, env, value)
        if isinstance(target, ast.Attribute):
            for owner in traced(self.eval(target.value, env)):
                mapped = self.objects.mapped[owner.cls]
                if mapped and target.attr in mapped.relationships:
                    self.assigned[owner.root, owner.path, target.attr].add(self.ordinary.functions[self.current.key])
                    self.give_away(values)


class _JoiningStore(Store):
    """A store that keeps one container of a kind in a cell, with the items of all; marked objects are many."""

    def write(self, values: Values, *cell: str) -> None:
        old = self._cells.get(cell, NOTHING)
        if values <= old:
            return
        new = _joined(old | values)
        if new != old and _breadth(new) <= WIDTH:
            self._cells[cell] = new
            self.dirty.update(self._readers[cell])


def _breadth(values: Values) -> int:
    """How many values there are, those in containers counted one by one."""
    return sum(max(1, sum(map(_breadth, parts(v)))) for v in values)


def _joined(values: Values) -> Values:
    """The values with the lists, dicts and awaitables among them united."""
    if not any(isinstance(v, Many | Table | Awaitable) for v in values):
        return values
    items: defaultdict[type, set[Value]] = defaultdict(set)
    rest: set[Value] = set()
    for value in values:
        if isinstance(value, Many | Table | Awaitable):
            items[type(value)] |= value.items
        else:
            rest.add(value)
    return frozenset(rest | {kind(_within(frozenset(inner))) for kind, inner in items.items()})


def _within(values: Values, deepest: int = 3) -> Values:
    """The items of a container, those of containers in it united, down to a depth."""
    return _joined(frozenset(v for v in values if depth(v) <= deepest))


class _Annotations(Annotations):
    """Annotations that do not speak of mapped objects: who annotates does not say where an object comes from."""

    def __init__(self, tracing: Tracing) -> None:
        super().__init__(tracing)
        self._tracing = tracing
        self._classes = False

    def instances(self, node: ast.expr | None, env: Env) -> Values:
        values = super().instances(node, env)
        if self._classes:
            return values
        return frozenset(v for v in values if not (type(v) is Instance and self._tracing.is_mapped(v.cls)))

    def classes(self, node: ast.expr | None, env: Env) -> Values:
        before, self._classes = self._classes, True
        try:
            return super().classes(node, env)
        finally:
            self._classes = before


class _Calls(Calls):
    """Calls that mark what they load and make."""

    def __init__(self, tracing: Tracing) -> None:
        super().__init__(tracing)
        self._tracing = tracing
        self._keywords: Mapping[str, ast.expr] = {}

    def _mapped(self, cls: str) -> Mapped | None:
        return self._tracing.objects.mapped[cls]

    def _one(self, value: Value, node: ast.Call, arguments: Arguments, env: Env) -> Values:
        self._keywords = {k.arg: k.value for k in node.keywords if k.arg}
        return super()._one(value, node, arguments, env)

    # What is passed on

    def bind_arguments(self, function: Function, arguments: Arguments, bound: bool) -> None:
        if self._tracing.filling:
            arguments = self._filled(function, arguments, bound)
        super().bind_arguments(function, arguments, bound)

    def _filled(self, function: Function, arguments: Arguments, bound: bool) -> Arguments:
        """Arguments of which nothing is known are objects of unknown origin where the parameter is for objects."""
        positional, keywords = arguments
        spec = function.arguments
        if spec is None:
            return arguments
        names = [a.arg for a in (*spec.posonlyargs, *spec.args)]
        names = names[1:] if bound and function.binding in {"instance", "class"} else names
        filled = [
            (node, values or self._unknown(function, names[position] if position < len(names) else "", node))
            for position, (node, values) in enumerate(positional)
        ]
        named = {
            name: values or (self._unknown(function, name, self._keywords[name]) if name in self._keywords else NOTHING)
            for name, values in keywords.items()
        }
        return filled, named

    def _unknown(self, function: Function, name: str, node: ast.expr) -> Values:
        if not name or isinstance(node, ast.Constant | ast.Starred):
            return NOTHING
        expected = self._tracing.ordinary.store.peek("parameter", function.key, name)
        return frozenset(v for v in expected if self._tracing.has_objects(frozenset({v})))

    def hand_all(self, policy: str, node: ast.expr, arguments: Arguments) -> None:
        super().hand_all(policy, node, arguments)
        for values in [*(v for _, v in arguments[0]), *arguments[1].values()]:
            self._tracing.give_away(values)

    # What is loaded

    def typed(
        self, kind: str, receiver: Value | None, node: ast.Call | None = None, arguments: Arguments = ([], {})
    ) -> Values:
        if node is None or not kind.startswith("@"):
            return super().typed(kind, receiver, node, arguments)
        each = _one_class_each(arguments) if kind in {"@query", "@select"} else [arguments]
        made = frozenset(value for given in each for value in super(_Calls, self).typed(kind, receiver, node, given))
        if kind == "@first-argument":
            return frozenset(Instance(v.cls) if isinstance(v, Traced) else v for v in made)
        if kind == "@get":
            root = self._tracing.root("get", node)
            options = [arguments[1].get("options", NOTHING)]
            loaded, deferred = self._tracing.options.loaded(options), self._tracing.options.deferred(options)
            return frozenset(
                Traced(v.cls, root=root, loaded=loaded, deferred=deferred) for v in made if isinstance(v, Instance)
            )
        return frozenset(self._marked(v, node) for v in made)

    def _marked(self, value: Value, node: ast.Call) -> Value:
        """A query or statement whose entities are those of the call."""
        if not isinstance(value, Query | Statement):
            return value
        entities = tuple(
            TracedEntity(e.kind, e.cls, self._tracing.root("query", node, position))
            if e.kind == "entity" and not isinstance(e, TracedEntity)
            else e
            for position, e in enumerate(value.entities)
        )
        return replace(value, entities=entities)

    def _method(self, name: str, receiver: Value, node: ast.Call, arguments: Arguments, env: Env) -> Values:
        method = split(name)[1]
        if isinstance(receiver, Option):
            return frozenset({self._tracing.options.walked(receiver, method, node)})
        if isinstance(receiver, Many) and method in GROWING:
            self._note_growth(node, arguments)
        values = super()._method(name, receiver, node, arguments, env)
        if isinstance(receiver, Query | Statement):
            if method == "get":
                root = self._tracing.root("get", node)
                return frozenset(replace(v, root=root) if isinstance(v, Traced) else v for v in values)
            if method == "options":
                options = [v for _, v in arguments[0]]
                known = self._tracing.options
                return frozenset(_with_options(v, known.loaded(options), known.deferred(options)) for v in values)
            return frozenset(self._marked(v, node) for v in values)
        return values

    def _note_growth(self, node: ast.Call, arguments: Arguments) -> None:
        """`parent.children.append(child)` puts the child where its parent is."""
        container = node.func.value if isinstance(node.func, ast.Attribute) else None
        if isinstance(container, ast.Attribute):
            for _, values in arguments[0]:
                self._tracing.give_away(values)

    def _instantiate(self, cls: str, node: ast.expr, arguments: Arguments) -> Values:
        made = super()._instantiate(cls, node, arguments)
        mapped = self._mapped(cls)
        if mapped is None or not isinstance(node, ast.Call):
            return made
        given = frozenset((name,) for name in arguments[1] if name in mapped.relationships)
        for (name,) in given:
            self._tracing.give_away(arguments[1][name])
            self._tracing.store.write(arguments[1][name], "instance", cls, name)
        return frozenset({Traced(cls, root=self._tracing.root("made", node), loaded=given)})

    def _library_call(
        self, cls: str, method: str, receiver: Value, node: ast.Call, arguments: Arguments, env: Env
    ) -> Values:
        if method in {"refresh", "expire"} and any(library().is_a(cls, s) for s in SESSIONS) and arguments[0]:
            names = arguments[0][1][1] if len(arguments[0]) > 1 else arguments[1].get("attribute_names")
            for value in traced(arguments[0][0][1]):
                if names is None:
                    self._tracing.refreshed[value.root][node] = self._tracing.here(node)
                elif method == "refresh":
                    texts = {v.text for n in names for v in flat(n) if isinstance(v, Text)}
                    self._tracing.reloaded |= {(value.root, value.path, name) for name in texts}
        return super()._library_call(cls, method, receiver, node, arguments, env)

    # Loader options

    def _external(self, name: str, node: ast.Call, arguments: Arguments, env: Env) -> Values:
        word = name.rpartition(".")[2]
        if word in LOADING | LEADING | OF_COLUMNS and name.startswith("sqlalchemy"):
            cls = next((v.cls for _, vs in arguments[0] for v in vs if isinstance(v, ClassObject)), "")
            return frozenset({self._tracing.options.walked(Option(name, cls=cls), word, node)})
        return super()._external(name, node, arguments, env)


def _with_options(value: Value, loaded: frozenset[Path], deferred: frozenset[Path]) -> Value:
    if not isinstance(value, Query | Statement):
        return value
    return replace(
        value,
        entities=tuple(
            replace(e, loaded=e.loaded | loaded, deferred=e.deferred | deferred) if isinstance(e, TracedEntity) else e
            for e in value.entities
        ),
    )


def _one_class_each(arguments: Arguments) -> list[Arguments]:
    """The arguments of a query for each of the classes that its only entity can be, as `self.model` of a repository."""
    match arguments:
        case [(node, values)], keywords:
            classes = sorted((v for v in values if isinstance(v, ClassObject)), key=repr)
            if len(classes) > 1:
                return [([(node, frozenset({cls}))], keywords) for cls in classes]
    return [arguments]


def objects(values: Values, is_mapped: object) -> Iterator[Instance]:
    """The mapped objects among values and within them."""
    assert callable(is_mapped)
    for value in values:
        for item in flat(value):
            if isinstance(item, Instance) and is_mapped(item.cls):
                yield item


def traced(values: Values) -> Iterator[Traced]:
    """The objects of known origin among values and within them."""
    for value in values:
        for item in flat(value):
            if isinstance(item, Traced):
                yield item


__all__ = ["Cell", "Option", "Place", "Root", "Traced", "Tracing", "objects", "traced"]
