"""The whole program: the one object that checks, codemods and reports ask."""

from __future__ import annotations

import ast
import re
from collections.abc import Collection, Iterable, Mapping, Sequence
from functools import cached_property
from pathlib import Path, PurePosixPath
from types import MappingProxyType

from .alembic import is_alembic_script
from .bridges import Bridges, with_parents
from .colours import Colours
from .console_scripts import console_scripts
from .decorators import Decorators
from .formatting import Formatters
from .interpreter import Interpreter
from .library import library
from .mapped import Mapped
from .modules import Modules
from .seen import Seen
from .settings import Settings, keeps
from .source import BrokenInput, Source
from .symbols import Function, Symbols
from .values import NOTHING, External, Instance, Query, Values
from .windows import of_windows

SHORT = 60


class BrokenInputs(BrokenInput):
    """Several files that can't be worked on; `messages` has one line each."""

    def __init__(self, messages: Sequence[str]) -> None:
        super().__init__("\n".join(messages))
        self.messages = list(messages)


class Program:
    """A project, parsed and understood.

    `root` is the project's folder, `sources` its files by path relative to it, `broken` those that could not be parsed,
    with the reason. `seen` is what a recording saw. Files `beside` others move though patterns keep them; `prepared`
    are the contents, as they were read, of files that were changed before anything was decided (None: a new file).
    """

    def __init__(
        self,
        root: Path,
        sources: dict[str, Source],
        settings: Settings,
        stays_sync: bool = False,
        broken: Mapping[str, str] = MappingProxyType({}),
        beside: frozenset[str] = frozenset(),
    ) -> None:
        self.root = root
        self.sources = sources
        self.settings = settings
        self.broken = broken
        self.beside = beside
        self.prepared: Mapping[str, bytes | None] = MappingProxyType({})
        self.seen = Seen()
        self._everything_stays_sync = stays_sync
        self.interpreter = Interpreter(Modules(sources), Symbols(sources.values()))
        self.interpreter.run()

    @classmethod
    def build(cls, root: Path, paths: Sequence[str], settings: Settings, *, stays_sync: bool = False) -> Program:
        """Read, parse and understand files (relative to `root`, with forward slashes).

        `stays_sync`: nothing becomes async; for a codemod that runs alone on a code base that stays sync.

        A file that Python can't parse either is left out, as `broken`, where it has nothing to do with databases and no
        other file imports it: templates of code, examples, scripts of Python 2.

        Raises:
            BrokenInputs: other files can't be read or parsed.
        """
        sources: dict[str, Source] = {}
        broken: dict[str, str] = {}
        unreadable: list[str] = []
        for path in sorted(paths):
            try:
                sources[path] = Source.read(root, path)
            except BrokenInput as error:
                broken[path] = str(error)
            except OSError as error:
                unreadable.append(f"{path}:1: {error.strerror}")
        needed = [path for path in broken if _is_needed(root, path, sources.values())]
        if unreadable or needed:
            raise BrokenInputs(sorted([*unreadable, *(broken[path] for path in needed)]))
        formatters = Formatters(root)
        for path, source in sources.items():
            source.line_length = formatters.line_length(path)
        return cls(root, sources, settings, stays_sync, broken)

    @classmethod
    def of_contents(cls, root: Path, contents: Mapping[str, bytes], settings: Settings) -> Program:
        """Parse and understand files whose bytes are at hand; what can't be parsed is left out, as `broken`."""
        sources: dict[str, Source] = {}
        broken: dict[str, str] = {}
        for path in sorted(contents):
            try:
                sources[path] = Source.parse(path, contents[path])
            except BrokenInput as error:
                broken[path] = str(error)
        return cls(root, sources, settings, broken=broken)

    def as_read(self, path: str) -> bytes | None:
        """A file's content before anything was done; None for one that was not there."""
        if path in self.prepared:
            return self.prepared[path]
        return self.sources[path].content if path in self.sources else None

    # What the project uses

    @cached_property
    def uses_sqlalchemy(self) -> bool:
        """Does any file import SQLAlchemy or SQLModel?"""
        return bool(self.using_sqlalchemy)

    @cached_property
    def using_sqlalchemy(self) -> frozenset[str]:
        """The files that import SQLAlchemy or SQLModel."""
        return frozenset(path for path, source in self.sources.items() if _imports(source, {"sqlalchemy", "sqlmodel"}))

    @cached_property
    def imported_names(self) -> dict[str, frozenset[str]]:
        """The names that modules import from other modules of the project, by the path they are imported from."""
        return imported_names(self.sources, self.interpreter.modules)

    @cached_property
    def own_packages(self) -> frozenset[str]:
        """The first names under which the project's modules are imported."""
        dotted = {self.interpreter.modules.dotted(path).partition(".")[0] for path in self.sources}
        return frozenset(dotted | {path.partition("/")[0] for path in self.sources if "/" in path})

    # Values

    def values(self, node: ast.expr) -> Values:
        """What an expression can be."""
        return self.interpreter.values.get(node, NOTHING)

    def mapped(self, key: str) -> Mapped | None:
        """A mapped class's declarations."""
        return self.interpreter.objects.mapped[key]

    def is_session(self, values: Values) -> bool:
        """Can this be a session, of either colour?"""
        return any(
            isinstance(v, Instance)
            and (
                self.interpreter.objects.is_a(v.cls, "sqlalchemy.orm.Session")
                or self.interpreter.objects.is_a(v.cls, "sqlalchemy.ext.asyncio.AsyncSession")
            )
            for v in values
        )

    def converted_class(self, cls: str) -> str:
        """The async class that stands for a class (a library's, or a project class derived from it); "" for none."""
        if self._everything_stays_sync:
            return ""
        for base in self.interpreter.objects.ancestry(cls):
            for known in library().ancestry(base):
                if known.asynchronous:
                    return known.asynchronous
        return ""

    def becomes_async(self, values: Values) -> bool:
        """Can this be a session, connection, engine or the like whose class has an async one?"""
        return any(isinstance(v, Instance) and self.converted_class(v.cls) for v in values)

    def plain_name(self, cls: str) -> str:
        """A class's name as people say it."""
        return cls.rpartition("::")[2].rpartition(".")[2]

    # Functions

    @property
    def functions(self) -> list[Function]:
        """All functions, module bodies and lambdas among them."""
        return list(self.interpreter.functions.values())

    def function(self, key: str) -> Function:
        """A function by its key."""
        return self.interpreter.functions[key]

    def methods(self, cls: str, name: str) -> list[Function]:
        """The methods of a name that a call on an instance of `cls` can reach."""
        return self.interpreter.objects.alternatives(cls, name) if cls in self.interpreter.objects.classes else []

    alternatives = methods

    def handed(self, function: Function) -> Collection[tuple[str, ast.AST]]:
        """How the function is handed to others: pairs of a `calls` word and the node where it happens."""
        return self.interpreter.calls.handed.get(function.key, {})

    @cached_property
    def decorators(self) -> Decorators:
        """The project's own decorators."""
        return Decorators(self)

    @cached_property
    def _function_of(self) -> dict[ast.AST, Function]:
        return {node: function for function in self.functions for node in function.own_nodes()}

    def function_at(self, source: Source, node: ast.AST) -> Function | None:
        """The function in whose body a node stands (a module's body counts as one)."""
        return self.function_around(node)

    def function_around(self, node: ast.AST) -> Function | None:
        """The same, without the node's file."""
        return self._function_of.get(node)

    def parameter(self, function: Function, name: str) -> Values:
        """What a parameter can hold."""
        values = self.interpreter.store.peek("parameter", function.key, name)
        for fixture in self.interpreter.fixtures.lookup(function, name):
            kind = "yield" if fixture.is_generator else "return"
            values |= self.interpreter.store.peek(kind, fixture.key)
        return values

    # Bridges

    @cached_property
    def bridges(self) -> Bridges:
        """Sync code that runs coroutines to their end."""
        return Bridges(self)

    @cached_property
    def vanishing(self) -> frozenset[Function]:
        """Functions without a colour: no code after the migration calls them for what they do."""
        adapters = {adapter.cls for adapter in self.interpreter.adapters.classes}
        return self.bridges.inside | {f for f in self.functions if any(g.owner in adapters for g in with_parents(f))}

    # Colours

    @cached_property
    def colours(self) -> Colours:
        """Which functions become async, and why."""
        colours = Colours(self)
        while burdened := colours.burdened_wrappers():
            self.decorators.burdened |= burdened
            colours = Colours(self)
        return colours

    @cached_property
    def console_scripts(self) -> dict[Function, str]:
        """The functions that console scripts call, each with the name of one."""
        return console_scripts(self)

    @cached_property
    def windows(self) -> set[Function]:
        """The functions of desktop programs, which stay sync."""
        return of_windows(self)

    def is_async_after(self, function: Function) -> bool:
        """May the function's body await after the migration?"""
        return self.colours.may_await(function)

    def stays_sync(self, function: Function) -> bool:
        """Is the function's whole file kept sync?"""
        return bool(self.why_sync(function))

    def why_sync(self, function: Function) -> str:
        """The reason why a function's file stays sync; "" when it does not."""
        return self.kept.get(function.source.path, "")

    @cached_property
    def kept(self) -> dict[str, str]:
        """Files that stay sync, with the reason."""
        found: dict[str, str] = {}
        for path in self.sources:
            if path in self.beside:
                continue
            if self._everything_stays_sync:
                found[path] = "the code base stays sync"
            for pattern, reason in self.settings.keep_sync.items():
                if keeps(pattern, path, self.interpreter.modules.dotted(path)):
                    found[path] = reason
            if path not in found and path in self.alembic_scripts:
                found[path] = "Alembic runs its scripts with a sync connection"
        return found

    def stays_behind(self, path: str) -> bool:
        """Does a file stay sync while others move? What is in it is left alone but for calls across the border."""
        return not self._everything_stays_sync and path in self.kept

    @cached_property
    def alembic_scripts(self) -> list[str]:
        """The paths of Alembic's `env.py` and revisions."""
        return [p for p, s in self.sources.items() if _imports(s, {"alembic"}) and is_alembic_script(s)]

    def queries_stay_sync(self, node: ast.expr) -> bool:
        """Does a legacy query run on a session that stays sync?"""
        function = self._function_of.get(node)
        return function is None or self.stays_sync(function)

    # Telling

    def short(self, source: Source, node: ast.expr) -> str:
        """An expression's text on one short line."""
        text = " ".join(source.text(node).split())
        return text if len(text) <= SHORT else f"{text[: SHORT - 1]}…"


def imported_names(sources: Mapping[str, Source], modules: Modules) -> dict[str, frozenset[str]]:
    """The names that modules import from other modules of the project, by the path they are imported from."""
    found: dict[str, set[str]] = {}
    for path, source in sources.items():
        for node in source.nodes:
            if not isinstance(node, ast.ImportFrom):
                continue
            name = node.module or ""
            base = modules.relative(node.level, name, path) if node.level else modules.absolute(name, path)
            if base and base != path:
                found.setdefault(base, set()).update(a.name for a in node.names)
    return {path: frozenset(names) for path, names in found.items()}


def _is_needed(root: Path, path: str, others: Iterable[Source]) -> bool:
    """Does a file that can't be parsed speak of databases, or may another one import it?"""
    if re.search(rb"sqlalchemy|sqlmodel|\bsession\b", (root / path).read_bytes(), re.IGNORECASE):
        return True
    pure = PurePosixPath(path)
    name = pure.parent.name if pure.name == "__init__.py" else pure.stem
    imported = re.compile(rb"^\s*(from|import)\b.*\b" + re.escape(name.encode()) + rb"\b", re.MULTILINE)
    return any(imported.search(source.content) for source in others)


def _imports(source: Source, packages: set[str]) -> bool:
    for node in source.nodes:
        match node:
            case ast.Import(names=names):
                if any(a.name.partition(".")[0] in packages for a in names):
                    return True
            case ast.ImportFrom(module=str(module), level=0):
                if module.partition(".")[0] in packages:
                    return True
    return False


__all__ = ["BrokenInputs", "External", "Program", "Query"]
