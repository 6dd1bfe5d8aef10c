"""What is known of libraries: read from the tables in `libraries/`, one TOML file a library.

A table says of each class what its methods return, whether they do I/O on a connection (`io`), what `with` gives, and
of each function what it returns, whether it does I/O by itself (`io`) or on a session or engine that it is given
(`io_with`), whether its async counterpart lacks it (`sync_only`), and what it does with a function handed to it
(`calls`):

* "awaits": calls it, and awaits the result if it is a coroutine;
* "sync": calls it and uses the result as it is, so that it must stay sync;
* "starts": calls it outside of the event loop (in a thread of its own, at exit) and does not use its result;
* "thread": calls it in another thread, the caller awaits that;
* "thread maker": makes an awaitable function of it, which calls it in another thread;
* "greenlet": calls it with a sync facade inside the async driver's greenlet (`run_sync`); it must stay sync.

`position` says which argument the function is. `runs` says how a callable runs a coroutine to its end from sync code:

* "awaitable": its first argument;
* "function": what its first argument gives, called with the others;
* "future": its first argument, for those who ask the future that it returns for its `result()`;
* "maker": it makes a function that calls the given one and runs what that gives.

`returns` is a small type expression: a dotted class name for an instance, `self`, `list[T]`, `context[T]` (a context
manager), `await[T]`, or `@name` for what `statements.py` works out.
"""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache
from importlib.resources import files


@dataclass(frozen=True, slots=True)
class Callable:
    """A library's function or method."""

    returns: str = ""
    io: bool = False
    calls: str = ""
    io_with: bool = False
    sync_only: bool = False
    position: int = 0
    runs: str = ""


@dataclass(frozen=True, slots=True)
class LibraryClass:
    """A library's class. `asynchronous` is the class that stands for it after the migration.

    `on_loop` is the class that has to stand for it where a task waits for it. `told_apart`: its objects are told apart
    by the place where they are made. `facade` is the attribute under which the async one holds the sync object, and
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
    told_apart: bool = False
    attributes: Mapping[str, str] = field(default_factory=dict)
    methods: Mapping[str, Callable] = field(default_factory=dict)


@dataclass(slots=True)
class Library:
    """All tables together."""

    classes: dict[str, LibraryClass] = field(default_factory=dict)
    functions: dict[str, Callable] = field(default_factory=dict)
    aliases: dict[str, str] = field(default_factory=dict)
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

    def attribute(self, cls: str, name: str) -> str:
        """The type expression of an attribute; "" when unknown."""
        return next((c.attributes[name] for c in self.ancestry(cls) if name in c.attributes), "")

    def is_a(self, cls: str, base: str) -> bool:
        """Is a library class the other one, or derived from it?"""
        return any(c.name == base for c in self.ancestry(cls))


def _callable(entry: Mapping[str, object]) -> Callable:
    return Callable(**entry)  # type: ignore[arg-type]


@cache
def library() -> Library:
    """The tables that ship with asyncshift, read once."""
    result = Library()
    for resource in sorted(files(f"{__package__}.libraries").iterdir(), key=lambda r: r.name):
        if resource.name.endswith(".toml"):
            _add(result, tomllib.loads(resource.read_text("utf-8")))
    return result


def _add(result: Library, table: Mapping[str, Mapping[str, Mapping[str, object]]]) -> None:
    for name, entry in table.get("classes", {}).items():
        known = dict(entry)
        for alias in known.pop("aliases", ()):  # type: ignore[attr-defined]
            result.aliases[alias] = name
        methods = {m: _callable(c) for m, c in known.pop("methods", {}).items()}  # type: ignore[attr-defined]
        for method in known.pop("io", ()):  # type: ignore[attr-defined]
            methods[method] = Callable(io=True)
        known |= {key: tuple(known.get(key, ())) for key in ("bases", "facade_only")}  # type: ignore[arg-type]
        result.classes[name] = LibraryClass(name=name, methods=methods, **known)  # type: ignore[arg-type]
    for name, function in table.get("functions", {}).items():
        known = dict(function)
        for alias in known.pop("aliases", ()):  # type: ignore[attr-defined]
            result.aliases[alias] = name
        result.functions[name] = _callable(known)
