"""What values give: attributes, what a loop over them gives, what `with` binds, what `await` gives."""

from __future__ import annotations

from .annotations import Annotations
from .calls import Calls
from .decorating import Decorating
from .library import library
from .mocks import Mocks
from .modules import Modules
from .objects import Objects, bind
from .statements import iterate as iterate_statement
from .store import Store
from .symbols import Function
from .values import (
    DYNAMIC,
    NOTHING,
    PROPERTY,
    QUERY_PROPERTY,
    Awaitable,
    ClassObject,
    ColumnAttribute,
    Context,
    Entity,
    External,
    Factory,
    FunctionObject,
    Generated,
    Instance,
    Many,
    Mock,
    ModuleObject,
    Query,
    Row,
    Rows,
    Statement,
    Table,
    Value,
    Values,
)

Env = dict[str, Values]
# Where what a decorator makes of a function has the function itself: commands, tools, flows.
HELD = frozenset({"fn", "callback", "__wrapped__"})


class Members:
    """What values give; the state that it reads belongs to the interpreter."""

    modules: Modules
    store: Store
    objects: Objects
    functions: dict[str, Function]
    annotations: Annotations
    calls: Calls
    decorating: Decorating
    mocks: Mocks
    current: Function

    def attribute(self, values: Values, name: str) -> Values:
        """Reading `.name` from each of the values."""
        found: set[Value] = set()
        for value in values:
            found |= self._attribute_of(value, name)
        return frozenset(found)

    def _attribute_of(self, value: Value, name: str) -> Values:
        match value:
            case Instance(cls=cls) if cls in self.objects.classes:
                return self._instance_attribute(value, self.objects.unmangled(cls, name))
            case ClassObject(cls=cls) if cls in self.objects.classes:
                return self._class_attribute(value, self.objects.unmangled(cls, name))
            case Instance(cls=cls):
                return self.calls.library_attribute(cls, name, value)
            case ClassObject(cls=cls):
                kind = library().attribute(cls, name)
                return self.calls.typed(kind, value) if kind else frozenset({External(f"{cls}.{name}")})
            case ModuleObject(path=path):
                return self.member(path, name)
            case External(name=base, receiver=None):
                return frozenset({self.external(f"{base}.{name}")})
            case Many():
                return frozenset({External(f"list.{name}", value)})
            case Table():
                return frozenset({External(f"dict.{name}", value)})
            case Query() if name in {"statement", "selectable"}:
                return frozenset({Statement("select", value.entities, value.traits)})
            case Query() if name == "session":
                return frozenset({Instance("sqlalchemy.orm.Session")})
            case Mock():
                return self.mocks.attribute(value, name)
            case Factory(items=items) if name == "provided":
                return items
            case FunctionObject() if name in HELD:
                return frozenset({value})
            case Query() | Statement() | Rows() | Generated() | Context() | Awaitable() | FunctionObject():
                return frozenset({External(f"{type(value).__name__.lower()}.{name}", value)})
            case ColumnAttribute():
                return frozenset({External(f"column.{name}", value)})
        return NOTHING

    def _instance_attribute(self, value: Instance, name: str) -> Values:
        objects = self.objects
        mapped = objects.mapped[value.cls]
        if mapped and name in mapped.proxies:
            return self._proxied(value, *mapped.proxies[name])
        relationship = objects.relationship(value.cls, name)
        if relationship is not None:
            target: Values = frozenset({Instance(relationship.target)}) if relationship.target else NOTHING
            if target and relationship.lazy == DYNAMIC:
                return frozenset({Query((Entity("entity", relationship.target),), frozenset({DYNAMIC}))})
            return frozenset({Many(target)}) if relationship.many else target
        method = objects.method(value.cls, name)
        if method and method.is_property:
            found: set[Value] = set()
            for alternative in objects.alternatives(value.cls, name):
                self.calls.bind_self(alternative, value)
                found |= self.store.read("return", alternative.key)
            return frozenset(found)
        values = objects.instance_attribute(value.cls, name)
        values |= bind(objects.class_attribute(value.cls, name), value, self.functions)
        if not values:
            for base in objects.library_bases(value.cls):
                values |= self.calls.library_attribute(base, name, value)
        return values or self.attribute(self.behind(value.cls) - {value}, name)

    def behind(self, cls: str) -> Values:
        """What an object hands on in `__getattr__`, of a class that does so."""
        method = self.objects.method(cls, "__getattr__")
        return self.store.read("behind", method.owner.key) if method and method.owner else NOTHING

    def _proxied(self, value: Instance, relationship: str, name: str) -> Values:
        """What an association proxy gives: an attribute of what a relationship leads to."""
        behind = self._instance_attribute(value, relationship)
        many = frozenset(Many(self.attribute(v.items, name)) for v in behind if isinstance(v, Many))
        return many or self.attribute(behind, name)

    def _class_attribute(self, value: ClassObject, name: str) -> Values:
        mapped = self.objects.mapped[value.cls]
        if mapped and (name in mapped.columns or name in mapped.relationships):
            return frozenset({ColumnAttribute(value.cls, name)})
        values = bind(self.objects.class_attribute(value.cls, name), value, self.functions)
        if mapped and QUERY_PROPERTY in values:
            return frozenset({Query((Entity("entity", value.cls),), frozenset({PROPERTY}))})
        if not values:
            for base in self.objects.library_bases(value.cls):
                kind = library().attribute(base, name)
                values |= self.calls.typed(kind, value) if kind else {External(f"{base}.{name}", value)}
        return values

    def _super_attribute(self, name: str, env: Env) -> Values:
        function = self.current
        while function.owner is None and function.parent is not None:
            function = function.parent
        if function.owner is None or not function.parameters():
            return NOTHING
        found: set[Value] = set()
        for receiver in env.get(function.parameters()[0].arg, NOTHING):
            if not isinstance(receiver, Instance | ClassObject):
                continue
            for key in (function.owner.key, *sorted(self.objects.descendants(function.owner.key))):
                found |= self._behind(function.owner.key, key, name, receiver)
        return frozenset(found)

    def _behind(self, owner: str, key: str, name: str, receiver: Instance | ClassObject) -> Values:
        """What an object of the class `key` has under a name behind the class `owner`."""
        lineage = self.objects.ancestry(key)
        for base in lineage[lineage.index(owner) + 1 :]:
            if base in self.objects.classes:
                values = self.store.read("class", base, name)
            else:
                values = self.calls.library_attribute(base, name, receiver)
            if values:
                return bind(values, receiver, self.functions)
        return NOTHING

    def _as_rows(self, values: Values) -> Values:
        """The values, with an object of a NamedTuple as the row that it is."""
        found: set[Value] = set()
        for value in values:
            if isinstance(value, Instance) and self.objects.is_a(value.cls, "typing.NamedTuple"):
                positions = [self.attribute(frozenset({value}), name) for name in self.objects.fields(value.cls)]
                found.add(Row(tuple(positions)))
            else:
                found.add(value)
        return frozenset(found)

    def iterate(self, values: Values) -> Values:
        """What a loop over the values gives."""
        found: set[Value] = set()
        for value in values:
            match value:
                case Many(items=items) | Generated(items=items):
                    found |= items
                case Row(items=rows):
                    for items in rows:
                        found |= items
                case Query() | Rows():
                    found |= iterate_statement(value)
                case Instance(cls=cls) if cls in self.objects.classes:
                    for name in ("__iter__", "__aiter__"):
                        made = self.calls.invoke(self.attribute(frozenset({value}), name))
                        if made and made != values:
                            found |= self.iterate(made)
        return frozenset(found)

    def enter(self, values: Values) -> Values:
        """What `with` binds."""
        found: set[Value] = set()
        for value in values:
            match value:
                case Context(items=items):
                    found |= items
                case Mock():
                    found |= self.mocks.entered(value)
                case Instance(cls=cls) if cls in self.objects.classes and (
                    self.objects.method(cls, "__enter__") or self.objects.method(cls, "__aenter__")
                ):
                    for name in ("__enter__", "__aenter__"):
                        entered = self.calls.invoke(self.attribute(frozenset({value}), name))
                        found |= self.awaited(entered) if name == "__aenter__" else entered
                case Instance(cls=cls):
                    if any(k.enter for b in self.objects.ancestry(cls) for k in library().ancestry(b)):
                        found.add(value)
        return frozenset(found)

    def awaited(self, values: Values) -> Values:
        """What `await` gives."""
        found: set[Value] = set()
        for value in values:
            if isinstance(value, Awaitable) or (isinstance(value, Context) and not value.key):
                found |= value.items  # `await engine.connect()` gives what `async with` does
            elif isinstance(value, Mock):
                found.add(value)
        return frozenset(found)

    # Modules and libraries

    def module(self, name: str, importer: str) -> Values:
        """What `import name` binds."""
        path = self.modules.absolute(name, importer)
        return frozenset({ModuleObject(path) if path else External(name)})

    def member(self, path: str, name: str) -> Values:
        """An attribute of a project module: a global, or a submodule."""
        values = frozenset(v for module in self._with_stars(path) for v in self.store.read("global", module, name))
        child = self.modules.child(path, name)
        return values | {ModuleObject(child)} if child else values

    def _with_stars(self, path: str) -> list[str]:
        """A module, and those whose names it has by `import *`."""
        found = [path]
        for module in found:
            stars = {v.path for v in self.store.read("stars", module) if isinstance(v, ModuleObject)}
            found.extend(sorted(stars - set(found)))
        return found

    def external(self, name: str) -> Value:
        """A library's class, function or module by its dotted name."""
        canonical = library().canonical(name)
        return ClassObject(canonical) if canonical in library().classes else External(canonical)
