"""What is known of libraries: read from the tables in `libraries/`, one TOML file a library.

A table says of each class what its methods return, whether they do I/O on a connection (`io`), what `with` gives, and
of each function what it returns, whether it does I/O by itself (`io`) or on a session or engine that it is given
(`io_with`), whether its async counterpart lacks it (`sync_only`), whether it makes a sync engine of the URL given to it
(`sync_url`), and what it does with a function handed to it (`calls`):

* "awaits": calls it, and awaits the result if it is a coroutine;
* "sync": calls it and uses the result as it is, so that it must stay sync;
* "starts": calls it outside of the event loop (in a thread of its own, at exit) and does not use its result;
* "window": calls it from the main loop of its windows, which is none of asyncio's, and does not await it;
* "thread": calls it in another thread, the caller awaits that;
* "thread maker": makes an awaitable function of it, which calls it in another thread;
* "provides": stands for what it gives (a provider of dependency-injector), "provides it" for the thing itself,
  "contains" for an object of the container that it is;
* "marks": stands, with the provider in brackets behind it, for what that provides;
* "never": asks something of it, and calls nothing;
* "describes": says, as its decorator, what a method is; called elsewhere, it makes something that does not await it;
* "greenlet": calls it with a sync facade inside the async driver's greenlet (`run_sync`); it must stay sync.

`position` says which argument the function is. `runs` says how a callable runs a coroutine to its end from sync code:

* "awaitable": its first argument;
* "function": what its first argument gives, called with the others;
* "future": its first argument, for those who ask the future that it returns for its `result()`;
* "maker": it makes a function that calls the given one and runs what that gives.

`blocks` says how a callable blocks the thread that calls it, with a word that `libraries/blocking.toml` explains; of a
class it says so of all its methods.

A section of `toolkits` says the same of everything in a package that is given a function.

`returns` is a small type expression: a dotted class name for an instance, `self`, `list[T]`, `dict[T]` of its values,
`context[T]` (a context manager), `await[T]`, `@made` for an instance of the class that it is asked of, or `@name` for
what `statements.py` works out.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from functools import cache
from importlib.resources import files
from typing import Any


@dataclass(frozen=True, slots=True)
class Callable:
    """A library's function or method.

    Of its arguments it calls the one at `position`, or of the name `named`, alone if `passes_on`: the rest is for that.
    `keeps`: the class and the attribute under which the function is found afterwards. `asynchronous` is the function
    that stands for it after the migration, `since` the version of the library that brought it.
    """

    returns: str = ""
    io: bool = False
    calls: str = ""
    io_with: bool = False
    sync_only: bool = False
    sync_url: bool = False
    asynchronous: str = ""
    since: str = ""
    position: int = 0
    named: str = ""
    passes_on: bool = False
    keeps: str = ""
    runs: str = ""
    blocks: str = ""


@dataclass(frozen=True, slots=True)
class LibraryClass:
    """A library's class. `asynchronous` is the class that stands for it after the migration.

    `is_open`: anything may be kept in its attributes; what is kept under a name anywhere is found under it everywhere.
    `on_loop` is the class that has to stand for it where a task waits for it. `told_apart`: its objects are told apart
    by the place where they are made. Of the methods that a subclass has, the library `starts` some outside of any loop,
    and `calls` some for their results. `facade` is the attribute under which the async one holds the sync object, and
    `facade_only` what is found there alone.
    """

    name: str
    bases: tuple[str, ...] = ()
    asynchronous: str = ""
    on_loop: str = ""
    enter: str = ""
    items: str = ""
    facade: str = ""
    facade_only: tuple[str, ...] = ()
    starts: tuple[str, ...] = ()
    calls: tuple[str, ...] = ()
    told_apart: bool = False
    is_open: bool = False
    blocks: str = ""
    attributes: Mapping[str, str] = field(default_factory=dict)
    methods: Mapping[str, Callable] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Blocking:
    """A kind of blocking call: what it does, what async code does instead, and whether it is soon over.

    `quick` are the names under which its classes have what does not wait.
    """

    what: str
    instead: str
    brief: bool = False
    quick: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Drivers:
    """The drivers of one kind of database: names of sync ones, and the async ones as requirements, the usual one first.

    `more`: further names that URLs have for async ones. `packages`: those that bring the sync ones, in their order.
    """

    sync: tuple[str, ...]
    asynchronous: tuple[str, ...]
    more: tuple[str, ...] = ()
    packages: tuple[str, ...] = ()

    @property
    def names(self) -> tuple[str, ...]:
        """The async ones as URLs and packages name them."""
        return tuple(re.split(r"\W", requirement, maxsplit=1)[0] for requirement in self.asynchronous)


@dataclass(slots=True)
class Library:
    """All tables together. `unmistakable`: names of methods that block, by kind, whatever they are called on.

    `drivers`: those of each kind of database. `without_async`: modules built on sync sessions that have no async form,
    and what that means.
    """

    classes: dict[str, LibraryClass] = field(default_factory=dict)
    functions: dict[str, Callable] = field(default_factory=dict)
    aliases: dict[str, str] = field(default_factory=dict)
    toolkits: dict[str, str] = field(default_factory=dict)
    blocking: dict[str, Blocking] = field(default_factory=dict)
    unmistakable: dict[str, str] = field(default_factory=dict)
    without_async: dict[str, str] = field(default_factory=dict)
    drivers: dict[str, Drivers] = field(default_factory=dict)
    _ancestries: dict[str, list[LibraryClass]] = field(default_factory=dict)

    def canonical(self, name: str) -> str:
        """The one name of a thing that can be imported from several places."""
        return self.aliases.get(name, name)

    def ancestry(self, cls: str) -> list[LibraryClass]:
        """A class and its bases, nearest first; empty for a class that no table knows."""
        known = self._ancestries.get(cls)
        if known is None:
            known = self._ancestries[cls] = self._find_ancestry(cls)
        return known

    def _find_ancestry(self, cls: str) -> list[LibraryClass]:
        found: list[LibraryClass] = []
        pending = [cls]
        while pending:
            known = self.classes.get(self.canonical(pending.pop(0)))
            if known and known not in found:
                found.append(known)
                pending.extend(known.bases)
        return found

    def method(self, cls: str, name: str) -> Callable | None:
        """A method of a class or of its bases."""
        return next((c.methods[name] for c in self.ancestry(cls) if name in c.methods), None)

    def policy(self, cls: str, method: str) -> str:
        """How a method of a class, or with cls "" a function, calls the functions that it is given; "" if unknown."""
        known = self.method(cls, method) if cls else self.functions.get(method)
        return known.calls if known else ""

    def attribute(self, cls: str, name: str) -> str:
        """The type expression of an attribute; "" when unknown."""
        return next((c.attributes[name] for c in self.ancestry(cls) if name in c.attributes), "")

    def is_a(self, cls: str, base: str) -> bool:
        """Is a library class the other one, or derived from it?"""
        return any(c.name == base for c in self.ancestry(cls))


def _callable(entry: Mapping[str, Any]) -> Callable:
    return Callable(**entry)


@cache
def library() -> Library:
    """The tables that ship with asyncshift, read once."""
    result = Library()
    tables = [
        tomllib.loads(resource.read_text("utf-8"))
        for resource in sorted(files(f"{__package__}.libraries").iterdir(), key=lambda r: r.name)
        if resource.name.endswith(".toml")
    ]
    for table in tables:
        _add(result, table)
        result.without_async |= table.get("without_async", {})
        for dialect, entry in table.get("drivers", {}).items():
            result.drivers[dialect] = Drivers(**{key: tuple(names) for key, names in entry.items()})
    for table in tables:
        for kind, entry in table.get("blocking", {}).items():
            _add_blocking(result, kind, entry)
    return result


def _add(result: Library, table: Mapping[str, Mapping[str, Mapping[str, Any]]]) -> None:
    for name, entry in table.get("toolkits", {}).items():
        result.toolkits[name] = entry["calls"]
    for name, entry in table.get("classes", {}).items():
        known = dict(entry)
        for alias in known.pop("aliases", ()):
            result.aliases[alias] = name
        methods = {m: _callable(c) for m, c in known.pop("methods", {}).items()}
        for method in known.pop("io", ()):
            methods[method] = Callable(io=True)
        known |= {key: tuple(known.get(key, ())) for key in ("bases", "facade_only", "starts", "calls")}
        result.classes[name] = LibraryClass(name=name, methods=methods, **known)
    for name, function in table.get("functions", {}).items():
        known = dict(function)
        for alias in known.pop("aliases", ()):
            result.aliases[alias] = name
        result.functions[name] = _callable(known)


def _add_blocking(result: Library, kind: str, entry: Mapping[str, Any]) -> None:
    """Note what blocks in a way, beside what is known of it already."""
    result.blocking[kind] = Blocking(
        entry["what"], entry["instead"], entry.get("brief", False), frozenset(entry.get("quick", ()))
    )
    for name in entry.get("functions", ()):
        result.functions[name] = replace(result.functions.get(name, Callable()), blocks=kind)
    for name in entry.get("classes", ()):
        result.classes[name] = replace(result.classes.get(name, LibraryClass(name, enter="self")), blocks=kind)
    for name in entry.get("methods", ()):
        cls, _, method = name.rpartition(".")
        known = result.classes.get(cls, LibraryClass(cls))
        blocking = replace(known.methods.get(method, Callable()), blocks=kind)
        result.classes[cls] = replace(known, methods={**known.methods, method: blocking})
    result.unmistakable |= dict.fromkeys(entry.get("unmistakable", ()), kind)


def split(name: str) -> tuple[str, str]:
    """Class and method of a dotted method name."""
    cls, _, method = name.rpartition(".")
    return cls, method
