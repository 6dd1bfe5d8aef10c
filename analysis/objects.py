"""Classes and their attributes: method resolution order, overrides, what reading or setting an attribute gives."""

from __future__ import annotations

import ast
import re
from collections import defaultdict
from collections.abc import Iterable, Iterator

from .library import library
from .mapped import Mapped, MappedClasses, Relationship
from .source import Source
from .store import Store
from .symbols import Class, Function
from .values import ClassObject, FunctionObject, Instance, Value, Values

MANGLED = re.compile(r"_[^_]\w*?__\w*[^_]_?$")
ENUM_BASES = {"enum.Enum", "enum.StrEnum", "enum.IntEnum", "enum.Flag"}


class Objects:
    """The project's classes by key, with their bases as the interpreter finds them."""

    def __init__(self, classes: Iterable[Class], sources: Iterable[Source], store: Store) -> None:
        self.classes: dict[str, Class] = {c.key: c for c in classes}
        self.mapped = MappedClasses(self.classes.values(), sources)
        self.bases: dict[str, tuple[str, ...]] = {}
        # What `singledispatchmethod` chooses from.
        self.dispatched: dict[Function, list[Function]] = {}
        self._store = store
        self._subclasses: defaultdict[str, set[str]] = defaultdict(set)
        # Worked out once, and again when a class turns out to have other bases.
        self._implementers: dict[str, set[str]] = {}
        self._names: dict[str, set[str]] = {}
        self._ancestries: dict[str, list[str]] = {}

    def set_bases(self, cls: Class, bases: tuple[str, ...]) -> None:
        """Note a class's bases: keys of project classes, canonical names of library classes."""
        if self.bases.get(cls.key) == bases:
            return
        self.bases[cls.key] = bases
        for base in bases:
            self._subclasses[base].add(cls.key)
        self._implementers.clear()
        self._names.clear()
        self._ancestries.clear()
        self._store.write(frozenset(ClassObject(b) for b in bases), "bases", cls.key)
        self._store.write(frozenset({ClassObject(cls.key)}), "bases", "")

    def ancestry(self, key: str) -> list[str]:
        """A class and all its bases, nearest first (depth first, each once: exact for what projects write)."""
        known = self._ancestries.get(key)
        if known is None:
            known = self._ancestries[key] = self._find_ancestry(key)
        for current in known:
            self._store.read("bases", current)
        return known

    def _find_ancestry(self, key: str) -> list[str]:
        found: list[str] = []
        pending = [key]
        while pending:
            current = pending.pop(0)
            if current in found:
                continue
            found.append(current)
            pending = [*self.bases.get(current, ()), *pending]
        return found

    def descendants(self, key: str) -> set[str]:
        """All project classes derived from a class."""
        found: set[str] = set()
        pending = [key]
        while pending:
            for child in self._subclasses[pending.pop()] - found:
                found.add(child)
                pending.append(child)
        return found

    def is_a(self, key: str, base: str) -> bool:
        """Is a class (project key or library name) the library class `base` or derived from it?"""
        return any(k == base or library().is_a(k, base) for k in self.ancestry(key))

    def library_bases(self, key: str) -> Iterator[str]:
        """The library classes that a class derives from."""
        return (k for k in self.ancestry(key) if k not in self.classes)

    def is_protocol(self, key: str) -> bool:
        """Is this a `typing.Protocol`?"""
        return "typing.Protocol" in self.bases.get(key, ()) or "typing_extensions.Protocol" in self.bases.get(key, ())

    def implementers(self, key: str) -> set[str]:
        """The classes that have all methods of a Protocol (and do not derive from it)."""
        self._store.read("bases", "")
        if key not in self._implementers:
            cls = self.classes[key]
            wanted = {n for n in cls.methods if not n.startswith("__")}
            self._implementers[key] = {
                other.key
                for other in self.classes.values()
                if wanted
                and other is not cls
                and not self.is_protocol(other.key)
                and wanted <= self._method_names(other.key)
            }
        return self._implementers[key]

    def _method_names(self, key: str) -> set[str]:
        if key not in self._names:
            self._names[key] = {n for k in self.ancestry(key) if k in self.classes for n in self.classes[k].methods}
        return self._names[key]

    def unmangled(self, key: str, name: str) -> str:
        """`__name`, where `_Class__name` is read from outside of the class."""
        if not MANGLED.match(name):
            return name
        owners = (base.rpartition("::")[2].rpartition(".")[2].lstrip("_") for base in self.ancestry(key))
        return next((name.removeprefix(f"_{o}") for o in owners if name.startswith(f"_{o}__")), name)

    def method(self, key: str, name: str) -> Function | None:
        """The method that a class answers with."""
        for base in self.ancestry(key):
            if base in self.classes and name in self.classes[base].methods:
                return self.classes[base].methods[name]
        return None

    def below(self, key: str) -> set[str]:
        """The project classes whose objects may stand for one of a class: derived from it, or with its methods."""
        return self.descendants(key) | (self.implementers(key) if self.is_protocol(key) else set())

    def alternatives(self, key: str, name: str) -> list[Function]:
        """What a call of a method on some instance of the class or of a class below it can reach."""
        found = [self.method(key, name), *(self.classes[k].methods.get(name) for k in sorted(self.below(key)))]
        methods = [f for f in found if f is not None]
        return list(dict.fromkeys([*methods, *(r for f in methods for r in self.dispatched.get(f, ()))]))

    def polymorphic(self, key: str) -> Iterator[Mapped]:
        """The mapped class and, where its rows may be of one of them, the classes below it."""
        mapped = self.mapped[key]
        if mapped is not None:
            yield mapped
            below = sorted(self.descendants(key)) if "polymorphic_on" in mapped.settings else ()
            yield from (found for cls in below if (found := self.mapped[cls]))

    def relationship(self, key: str, name: str) -> Relationship | None:
        """The relationship of a mapped class, or of a class that its rows may be of."""
        return next((m.relationships[name] for m in self.polymorphic(key) if name in m.relationships), None)

    def is_plain(self, key: str) -> bool:
        """Is a mapped class one that knows nothing of the database, and can't get `awaitable_attrs`?"""
        mapped = self.mapped[key]
        return mapped is not None and mapped.imperative is not None

    def constructor_sets(self, key: str, name: str) -> bool:
        """Does the class's `__init__` set the attribute of each object that it makes?"""
        constructor = self.method(key, "__init__")
        for statement in constructor.body if constructor else ():
            match statement:
                case (
                    ast.Assign(targets=[ast.Attribute(value=ast.Name(id="self"), attr=attribute)])
                    | ast.AnnAssign(target=ast.Attribute(value=ast.Name(id="self"), attr=attribute))
                ) if attribute == name:
                    return True
        return False

    def class_attribute(self, key: str, name: str) -> Values:
        """What the class body binds the name to, in the nearest class that has it."""
        for base in self.ancestry(key):
            values = self._store.read("class", base, name)
            if values:
                return values
        return frozenset()

    def modelled(self, factory: Value | None) -> Values:
        """What a factory makes whose inner class `Meta` names the model."""
        metas = self.class_attribute(factory.cls, "Meta") if isinstance(factory, ClassObject) else frozenset()
        models = [m for meta in metas if isinstance(meta, ClassObject) for m in self.class_attribute(meta.cls, "model")]
        return frozenset(Instance(m.cls) for m in models if isinstance(m, ClassObject))

    def instance_attribute(self, key: str, name: str) -> Values:
        """What methods have assigned to `self.name`, in the class or its bases."""
        found: set[Value] = set()
        for base in self.ancestry(key):
            if base in self.classes:
                found |= self._store.read("instance", base, name)
        return frozenset(found)

    def fields(self, key: str) -> list[str]:
        """The annotated names of a class and its bases, in their order."""
        return [
            s.target.id
            for base in reversed(self.ancestry(key))
            if base in self.classes
            for s in self.classes[base].node.body
            if isinstance(s, ast.AnnAssign) and isinstance(s.target, ast.Name)
        ]


def bind(values: Values, receiver: Instance | ClassObject, functions: dict[str, Function]) -> Values:
    """Class attributes as they are read from `receiver`: methods become bound."""
    result: set[Value] = set()
    for value in values:
        if not isinstance(value, FunctionObject) or value.receiver is not None:
            result.add(value)
            continue
        binding = functions[value.key].binding
        if binding == "class":
            cls = receiver.cls
            result.add(FunctionObject(value.key, ClassObject(cls), value.wrappers))
        elif binding == "instance" and isinstance(receiver, Instance):
            result.add(FunctionObject(value.key, receiver, value.wrappers))
        else:
            result.add(value)
    return frozenset(result)
