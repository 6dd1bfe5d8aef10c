"""Adapters: classes that dress a session of one colour as one of the other.

Such a class keeps the session that its constructor is given, and its methods do nothing but call the method of the same
name on it. With a single colour left there is nothing to dress: an adapter stands for the session inside of it.
"""

from __future__ import annotations

import ast
from collections.abc import Iterable
from dataclasses import dataclass

from .library import library
from .objects import Objects
from .store import Store
from .symbols import Class, Function
from .values import NOTHING, ClassObject, Instance, Value, Values

SESSION = "sqlalchemy.orm.Session"
ASYNC_SESSION = "sqlalchemy.ext.asyncio.AsyncSession"
ENTERING = {"__enter__", "__aenter__", "__exit__", "__aexit__"}


@dataclass(frozen=True, slots=True, eq=False)
class Adapter:
    """A class that only passes calls on to what its constructor's `parameter` holds."""

    cls: Class
    constructor: Function
    parameter: str
    is_async: bool


class Adapters:
    """The classes of a program that have the form of an adapter; what they hold decides whether they are one."""

    def __init__(self, objects: Objects, store: Store) -> None:
        self._objects = objects
        self._store = store
        self._known = {c.key: found for c in objects.classes.values() if (found := _adapter(c)) is not None}

    @property
    def classes(self) -> list[Adapter]:
        """The adapters of sessions."""
        return [a for key, a in self._known.items() if self.stands_for(key) not in (None, NOTHING)]

    def stands_for(self, cls: str) -> Values | None:
        """What an instance of a class is when it is an adapter; None when it is what it says."""
        adapter = self._known.get(cls)
        if adapter is None:
            return None
        held = self._store.read("parameter", adapter.constructor.key, adapter.parameter)
        dressed = frozenset(Instance(name) for value in held if (name := self._dressed(adapter, value)))
        return dressed if dressed or not held else None

    def _dressed(self, adapter: Adapter, value: Value) -> str:
        """The class of the other colour, for a session that the adapter holds."""
        if not isinstance(value, Instance):
            return ""
        for base in self._objects.ancestry(value.cls):
            for known in library().ancestry(base):
                if adapter.is_async and library().is_a(known.name, SESSION):
                    return known.asynchronous
                if not adapter.is_async and library().is_a(known.name, ASYNC_SESSION):
                    return next(c.name for c in library().classes.values() if c.asynchronous == known.name)
        return ""

    def of(self, values: Iterable[Value]) -> Adapter | None:
        """The adapter of a session that a class object among the values is."""
        keys = [v.cls for v in values if isinstance(v, ClassObject)]
        return next((a for a in self.classes if a.cls.key in keys), None)


def _adapter(cls: Class) -> Adapter | None:
    constructor = cls.methods.get("__init__")
    kept = _kept(constructor) if constructor else None
    if constructor is None or kept is None:
        return None
    attribute, parameter = kept
    helpers = {name for m in cls.methods.values() for name in _own_attributes(m)} & set(cls.methods)
    passing = [m for name, m in cls.methods.items() if name not in ENTERING | helpers | {"__init__"}]
    if not passing or not all(_passes_on(m, attribute) for m in passing):
        return None
    if any(attribute in _own_attributes(cls.methods[name]) for name in helpers):
        return None
    calling = [m for m in passing if m.name != "__getattr__"]
    crossing = {m.is_async for m in calling if m.is_async or not _calls_at_once(m, attribute)}
    return Adapter(cls, constructor, parameter, crossing.pop()) if len(crossing) == 1 else None


def _kept(constructor: Function) -> tuple[str, str] | None:
    """Attribute and parameter, of a constructor that does nothing but keep what it is given."""
    parameters = [p.arg for p in constructor.parameters()]
    kept: list[tuple[str, str]] = []
    for statement in constructor.body:
        match statement:
            case ast.Expr(
                value=ast.Constant() | ast.Call(func=ast.Attribute(value=ast.Call(func=ast.Name(id="super"))))
            ):
                continue
            case ast.Assign(targets=[ast.Attribute(value=ast.Name(id=own), attr=name)], value=ast.Name(id=given)):
                if own == parameters[0] and given in parameters[1:]:
                    kept.append((name, given))
                    continue
            case ast.AnnAssign(target=ast.Attribute(attr=name), value=ast.Name(id=given)) if given in parameters[1:]:
                kept.append((name, given))
                continue
        return None
    return kept[0] if len(kept) == 1 else None


def _passes_on(method: Function, attribute: str) -> bool:
    """Is the body one reference to the method's own name on what is kept?"""
    body = [s for s in method.body if not (isinstance(s, ast.Expr) and isinstance(s.value, ast.Constant))]
    if len(body) != 1 or not isinstance(body[0], ast.Return | ast.Expr) or body[0].value is None:
        return False
    if method.name == "__getattr__":
        return _own_attributes(method) == [attribute]
    attributes = [n for n in ast.walk(body[0].value) if isinstance(n, ast.Attribute)]
    kept = [n.attr for n in attributes if _is_own(method, n.value, attribute)]
    return kept == [method.name] and _own_attributes(method).count(attribute) == 1


def _own_attributes(method: Function) -> list[str]:
    """The names read from `self`."""
    attributes = [n for s in method.body for n in ast.walk(s) if isinstance(n, ast.Attribute)]
    return [n.attr for n in attributes if _is_self(method, n.value)]


def _is_self(method: Function, node: ast.expr) -> bool:
    return isinstance(node, ast.Name) and node.id in [p.arg for p in method.parameters()[:1]]


def _is_own(method: Function, node: ast.expr, attribute: str) -> bool:
    return isinstance(node, ast.Attribute) and node.attr == attribute and _is_self(method, node.value)


def _calls_at_once(method: Function, attribute: str) -> bool:
    """Is what the method does a plain call on what is kept, or a plain read, handed to nothing else?"""
    value = getattr(method.body[-1], "value", None)
    called = value.func if isinstance(value, ast.Call) else value
    return isinstance(called, ast.Attribute) and _is_own(method, called.value, attribute)
