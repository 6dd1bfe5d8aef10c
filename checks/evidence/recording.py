"""A recording: what was noted while a suite ran, in one compressed file of JSON lines.

Each line is an array, its kind first. The recorder writes one such file a process, uncompressed; `merged` makes one of
them all. Frames, stacks, SQL, drivers and types of parameters are written once and have numbers from then on.
"""

from __future__ import annotations

import gzip
import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

VERSION = 2
NUMBERED = frozenset({"frame", "stack", "types", "sql", "driver"})
# Which cells of a statement and of a load in a line "sent" hold numbers.
IN_STATEMENT = (0, 1, 4, 6)  # SQL, stack, types, driver
IN_LOAD = (2, 4)  # the stacks of the access and of the query
DONE = frozenset({0, 1})  # exit codes of pytest after which every test has run


class Unreadable(Exception):
    """A file is not a recording; the message is one line."""


@dataclass(frozen=True, slots=True)
class Frame:
    """A place of the project on a stack; `through` is the library through which it called the frame within."""

    path: str
    line: int
    function: str
    through: str = ""

    def __str__(self) -> str:
        return f"{self.path}:{self.line}"


Stack = tuple[Frame, ...]


@dataclass(frozen=True, slots=True)
class Statement:
    """SQL that was sent in a `phase` of the test.

    `kind` is why: "query", "get" (by primary key), "flush", "lazy", "expired", "eager", "refresh". `rows` is None
    where it failed. `load` is the implicit load that sent it. Stacks begin at the innermost frame.
    """

    sql: str
    stack: Stack
    kind: str
    phase: str
    types: str
    rows: int | None
    driver: str
    is_async: bool
    lane: str
    load: Load | None
    unseen: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Load:
    """An attribute access that sent SQL, or under asyncio failed to (`missing`).

    `kind`: "lazy", "expired", "deferred" or "server default"; `attribute` is the dotted name. `origin` is how the
    object came ("query", "made", "lazy"), `loader` the stack of that; `between` what the session did since. `through`
    is the library that read the attribute, or the session's method that had to.
    """

    kind: str
    attribute: str
    stack: Stack
    origin: str
    loader: Stack
    between: tuple[str, ...]
    through: str
    missing: bool
    phase: str


@dataclass(frozen=True, slots=True)
class Exchange:
    """A request and its response: digest and shape of the body, not the body."""

    method: str
    path: str
    headers: Mapping[str, str]
    sent: str | None
    status: int
    kind: str
    digest: str
    shape: str
    phase: str


@dataclass(slots=True)
class Test:
    """What a test did. The test named "" is what ran outside of all.

    `seed` is where its random numbers began, if it drew any; `at_once` says that several threads or tasks of it sent
    statements at the same time.
    """

    __test__ = False  # for pytest, which looks at names

    name: str
    outcome: str = ""
    message: str = ""
    seconds: float = 0.0
    seed: int | None = None
    at_once: bool = False
    statements: list[Statement] = field(default_factory=list)
    loads: list[Load] = field(default_factory=list)
    exchanges: list[Exchange] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Warned:
    """A warning that means a lost coroutine, or an error that nothing caught."""

    test: str
    kind: str
    text: str
    where: str


@dataclass(frozen=True, slots=True)
class Made:
    """A session or an engine: where it is made, its options, the kind of thread."""

    kind: str
    where: Frame | None
    options: tuple[str, ...]
    lane: str


@dataclass(frozen=True, slots=True)
class Application:
    """A FastAPI application: where it can be imported from ("" if nowhere), title, OpenAPI document."""

    home: str
    title: str
    document: Mapping[str, Any]


@dataclass(slots=True)
class Recording:
    """All that was seen of a suite."""

    header: dict[str, Any] = field(default_factory=dict)
    tests: dict[str, Test] = field(default_factory=dict)
    warnings: list[Warned] = field(default_factory=list)
    made: list[Made] = field(default_factory=list)
    applications: list[Application] = field(default_factory=list)
    metadata: list[tuple[str, ...]] = field(default_factory=list)
    uncollected: list[tuple[str, str]] = field(default_factory=list)
    faults: list[tuple[str, str]] = field(default_factory=list)

    @classmethod
    def read(cls, path: Path) -> Recording:
        """The recording in a file.

        Raises:
            Unreadable: the file is none, or of another version.
            FileNotFoundError: there is no file.
        """
        recording = cls()
        reader = _Reader(recording)
        try:
            with gzip.open(path, "rt", encoding="utf-8") as file:
                for line in file:
                    reader.take(json.loads(line))
        except (EOFError, OSError, ValueError, LookupError, TypeError) as error:
            if isinstance(error, FileNotFoundError):
                raise
            raise Unreadable(f"{path}: not a recording that can be read ({error}); record again") from None
        if recording.header.get("version") != VERSION:
            raise Unreadable(f"{path}: recorded by another version of asyncshift; record again")
        return recording

    @property
    def defects(self) -> list[str]:
        """Why the recording does not hold all of the suite; empty if it does."""
        found = [f"{name} could not be collected: {_first(text)}" for name, text in self.uncollected]
        found += [f"the recorder failed in {where}: {what}" for where, what in dict.fromkeys(self.faults)]
        crashed = self.header.get("crashed", [])
        found += [f"a process of the suite ended before its time (last finished test: {name})" for name in crashed]
        code: int = self.header.get("exit", 0)
        if code not in DONE and not self.uncollected and not crashed:
            found.append(_ENDS.get(code, f"the suite ended with exit code {code}"))
        return found

    @property
    def loads(self) -> Iterator[Load]:
        """All implicit loads."""
        return (load for test in self.tests.values() for load in test.loads)

    @property
    def statements(self) -> Iterator[Statement]:
        """All statements."""
        return (statement for test in self.tests.values() for statement in test.statements)

    def changed(self, digests: Mapping[str, str]) -> list[str]:
        """The files that are not what they were when the suite ran."""
        then: Mapping[str, str] = self.header.get("files", {})
        return sorted(path for path in {*then, *digests} if then.get(path) != digests.get(path))


_ENDS = {2: "the suite was interrupted", 3: "pytest failed by itself", 4: "pytest was used wrongly", 5: "no test ran"}


def _first(text: str) -> str:
    """The line of a message that says most: the last that is not empty."""
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    return lines[-1][:200] if lines else ""


class _Reader:
    """Puts lines together."""

    def __init__(self, recording: Recording) -> None:
        self._recording = recording
        self._things: dict[int, Any] = {}

    def take(self, cells: list[Any]) -> None:
        kind, *rest = cells
        if kind in NUMBERED:
            self._things[rest[0]] = self._thing(kind, rest[1])
        elif kind == "header":
            self._recording.header = rest[0]
        else:
            getattr(self, f"_{kind}")(*rest)

    def _thing(self, kind: str, value: Any) -> Any:
        match kind:
            case "frame":
                return Frame(*value)
            case "stack":
                return tuple(self._things[number] for number in value)
        return tuple(value) if isinstance(value, list) else value

    def _named(self, name: str) -> Test:
        return self._recording.tests.setdefault(name, Test(name))

    def _test(self, name: str, outcome: str, message: str, seconds: float, seed: int | None, at_once: bool) -> None:
        test = self._named(name)
        test.outcome, test.message, test.seconds = outcome, message, seconds
        test.seed, test.at_once = seed, at_once

    def _sent(self, name: str, statements: list[Any], loads: list[Any]) -> None:
        test = self._named(name)
        noted = [self._load(*cells) for cells in loads]
        test.loads += noted
        test.statements += [self._statement(noted, *cells) for cells in statements]

    def _load(
        self,
        kind: str,
        attribute: str,
        stack: int,
        origin: str,
        loader: int | None,
        between: list[str],
        through: str,
        missing: bool,
        phase: str,
    ) -> Load:
        loaded = self._things[loader] if loader is not None else ()
        return Load(kind, attribute, self._things[stack], origin, loaded, tuple(between), through, missing, phase)

    def _statement(
        self,
        noted: list[Load],
        sql: int,
        stack: int,
        kind: str,
        phase: str,
        types: int,
        rows: int | None,
        driver: int,
        lane: str,
        load: int | None,
        unseen: list[str],
    ) -> Statement:
        things = self._things
        name, is_async = things[driver]
        load_ = noted[load] if load is not None else None
        return Statement(
            things[sql], things[stack], kind, phase, things[types], rows, name, is_async, lane, load_, tuple(unseen)
        )

    def _http(self, name: str, exchanges: list[Any]) -> None:
        self._named(name).exchanges += [Exchange(*cells) for cells in exchanges]

    def _warning(self, *cells: str) -> None:
        self._recording.warnings.append(Warned(*cells))

    def _engine(self, *cells: Any) -> None:
        self._make("engine", *cells)

    def _session(self, *cells: Any) -> None:
        self._make("session", *cells)

    def _make(self, kind: str, where: int | None, options: list[str], lane: str) -> None:
        frame = self._things[where] if where is not None else None
        self._recording.made.append(Made(kind, frame, tuple(options), lane))

    def _application(self, home: str, title: str, document: Mapping[str, Any]) -> None:
        application = Application(home, title, document)
        if application not in self._recording.applications:
            self._recording.applications.append(application)

    def _metadata(self, lines: list[str]) -> None:
        if tuple(lines) not in self._recording.metadata:
            self._recording.metadata.append(tuple(lines))

    def _uncollected(self, name: str, message: str) -> None:
        if (name, message) not in self._recording.uncollected:
            self._recording.uncollected.append((name, message))

    def _fault(self, where: str, what: str) -> None:
        self._recording.faults.append((where, what))


def merged(folder: Path, header: Mapping[str, Any], target: Path) -> None:
    """Make one file of what the processes of a suite wrote into a folder."""
    numbers: dict[Any, int] = {}
    parts = [_Part(path, numbers) for path in sorted(folder.glob("*.jsonl"))]
    lines = [line for part in parts for line in part.lines()]
    crashed = [part.last for part in parts if not part.ended]
    beside = target.with_name(f".{target.name}")
    with gzip.open(beside, "wt", encoding="utf-8", compresslevel=6) as file:
        for cells in (["header", {"version": VERSION, "crashed": crashed, **header}], *lines):
            file.write(json.dumps(cells, ensure_ascii=False, separators=(",", ":")) + "\n")
    beside.replace(target)


class _Part:
    """The lines of one process, with the numbers that they get in the whole."""

    def __init__(self, path: Path, numbers: dict[Any, int]) -> None:
        self._path, self._whole = path, numbers
        self._numbers: dict[int, int] = {}
        self.ended = False
        self.last = "none"

    def lines(self) -> Iterator[list[Any]]:
        for cells in _parsed(self._path):
            kind = cells[0]
            if kind in NUMBERED:
                yield from self._number(kind, *cells[1:])
            elif kind == "end":
                self.ended = True
            else:
                yield self._renumbered(kind, cells)

    def _number(self, kind: str, number: int, value: Any) -> Iterator[list[Any]]:
        if kind == "stack":
            value = [self._numbers[frame] for frame in value]
        key = kind, json.dumps(value)
        if key not in self._whole:
            self._whole[key] = len(self._whole)
            yield [kind, self._whole[key], value]
        self._numbers[number] = self._whole[key]

    def _renumbered(self, kind: str, cells: list[Any]) -> list[Any]:
        if kind == "test":
            self.last = cells[1]
        elif kind == "sent":
            for rows, places in ((cells[2], IN_STATEMENT), (cells[3], IN_LOAD)):
                for row in rows:
                    self._replace(row, places)
        elif kind in {"engine", "session"}:
            self._replace(cells, (1,))
        return cells

    def _replace(self, row: list[Any], places: Iterable[int]) -> None:
        for place in places:
            if row[place] is not None:
                row[place] = self._numbers[row[place]]


def _parsed(path: Path) -> Iterator[list[Any]]:
    """The lines of a file; the last may be cut off where the process was killed."""
    with path.open(encoding="utf-8") as file:
        for line in file:
            if not line.endswith("\n"):
                return
            yield json.loads(line)
