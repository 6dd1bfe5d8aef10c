"""Writes down what a project does with its database while its suite runs: a pytest plugin.

It runs in the project's own interpreter (Python 3.9 or newer, SQLAlchemy 1.4 or newer), so this file stands alone. Each
process appends to a file of its own in $ASYNCSHIFT_RECORDING; a line is a JSON array, its kind first. Paths, stacks and
SQL are written once and have numbers from then on.
"""

from __future__ import annotations

import asyncio
import gc
import hashlib
import json
import os
import sys
import threading
import warnings
from collections.abc import Iterator
from functools import wraps
from pathlib import Path
from typing import Any

import pytest

FOLDER = "ASYNCSHIFT_RECORDING"
ROOT = "ASYNCSHIFT_ROOT"
ISOLATE = "ASYNCSHIFT_ISOLATE"
FOREIGN = ("site-packages", "dist-packages", ".asyncshift", "asyncshift_recorder.py")
LONGEST_BODY = 20_000

# Functions of SQLAlchemy that say why a statement is sent: (end of the file's name, function) -> what.
MARKS = {
    ("orm/session.py", "execute"): "session",
    ("orm/session.py", "_execute_internal"): "session",
    ("orm/session.py", "_flush"): "flush",
    ("orm/session.py", "refresh"): "refresh",
    ("orm/session.py", "delete"): "delete",
    ("orm/session.py", "merge"): "merge",
    ("orm/strategies.py", "_load_for_state"): "lazy",
    ("orm/strategies.py", "_load_for_path"): "eager",
    ("orm/strategies.py", "_load"): "eager",
    ("orm/state.py", "_load_expired"): "expired",
    ("orm/attributes.py", "get"): "get",
}
OWNED = frozenset({"session", "flush", "lazy", "expired", "get"})
KINDS = frozenset({"eager", "lazy", "expired", "refresh", "flush"})
# Under these a load is awaited with the call: it is none of an attribute access.
AWAITED = ("flush", "delete", "merge", "refresh")


class Log:
    """The file that a process writes."""

    def __init__(self, folder: str) -> None:
        self._file = open(Path(folder) / f"{os.getpid()}.jsonl", "a", encoding="utf-8")  # noqa: SIM115
        self._numbers: dict[Any, int] = {}
        self._lock = threading.Lock()

    def line(self, *cells: Any) -> None:
        """Append a line."""
        text = json.dumps(cells, ensure_ascii=False, separators=(",", ":"), default=str)
        with self._lock:
            self._file.write(text + "\n")

    def number(self, kind: str, key: Any) -> int:
        """The number of a thing; it is written when it is met first."""
        known = self._numbers.get((kind, key))
        if known is None:
            with self._lock:
                known = self._numbers[kind, key] = len(self._numbers)
            self.line(kind, known, key)
        return known

    def save(self) -> None:
        """Bring what has been written to the disk, so that it outlives a crash."""
        with self._lock:
            self._file.flush()


class Walk:
    """What a stack says: the project's frames, innermost first, and which functions of SQLAlchemy lie before them."""

    def __init__(self) -> None:
        self.frames: list[tuple[str, int, str]] = []
        self.marks: dict[str, Any] = {}
        self.library = ""

    @property
    def kind(self) -> str:
        """Why a statement is sent: the innermost reason, or "eager" where an eager load asks for a lazy one."""
        first = next((mark for mark in self.marks if mark in KINDS), "query")
        return "eager" if first == "lazy" and "eager" in self.marks else first

    @property
    def through(self) -> str:
        """What lies between the project's code and the statement."""
        return next((f"session.{name}" for name in AWAITED if name in self.marks), self.library)


class Stacks:
    """Reads stacks; what is known of a code object is kept."""

    def __init__(self, root: str) -> None:
        self._root = os.path.join(os.path.realpath(root), "")
        self._known: dict[int, tuple[Any, str, str]] = {}

    def walk(self, frame: Any) -> Walk:
        """All of a stack, across the greenlet that async SQLAlchemy sends from."""
        walk = Walk()
        while frame is not None:
            code = frame.f_code
            known = self._known.get(id(code)) or self._learn(code)
            if known[1]:
                self._note(walk, frame, known)
            elif known[2] and not walk.frames:
                walk.library = known[2]
            frame = frame.f_back or _behind_greenlet(frame)
        return walk

    def nearest(self, frame: Any) -> tuple[str, int, str] | None:
        """The innermost frame of the project."""
        while frame is not None:
            known = self._known.get(id(frame.f_code)) or self._learn(frame.f_code)
            if known[1] == "project":
                return known[2], frame.f_lineno, frame.f_code.co_name
            frame = frame.f_back
        return None

    def _note(self, walk: Walk, frame: Any, known: tuple[Any, str, str]) -> None:
        _, what, path = known
        if what == "project":
            walk.frames.append((path, frame.f_lineno, frame.f_code.co_name))
        elif not walk.frames and what not in walk.marks:
            walk.marks[what] = frame.f_locals if what in OWNED else True

    def _learn(self, code: Any) -> tuple[Any, str, str]:
        """What a code object is: (itself, mark, path or library)."""
        name = os.path.realpath(code.co_filename) if os.path.exists(code.co_filename) else code.co_filename
        if "sqlalchemy" in name:
            slashed = name.replace(os.sep, "/")
            mark = next((m for (end, f), m in MARKS.items() if f == code.co_name and slashed.endswith(end)), "")
            known = code, mark, ""
        elif name.startswith(self._root) and not any(part in name for part in FOREIGN):
            known = code, "project", name[len(self._root) :].replace(os.sep, "/")
        else:
            library = name.rpartition("site-packages" + os.sep)[2].partition(os.sep)[0]
            known = code, "", library if "site-packages" in name else ""
        self._known[id(code)] = known
        return known


def _behind_greenlet(frame: Any) -> Any:
    """The frame that waits for the greenlet which a stack ends in."""
    greenlet = sys.modules.get("greenlet")
    current = greenlet.getcurrent() if greenlet else None
    if current is None or current.parent is None or current.parent.gr_frame is None:
        return None
    waiting = current.parent.gr_frame
    return waiting if waiting is not frame and not _is_below(frame, waiting) else None


def _is_below(frame: Any, start: Any) -> bool:
    while start is not None:
        if start is frame:
            return True
        start = start.f_back
    return False


def lane() -> str:
    """The kind of thread that runs, and whether an event loop runs in it."""
    thread = "main" if threading.current_thread() is threading.main_thread() else "thread"
    return f"{thread} loop" if asyncio._get_running_loop() is not None else thread


class Database:
    """Listens to SQLAlchemy."""

    def __init__(self, log: Log, stacks: Stacks) -> None:
        self._log, self._stacks = log, stacks
        self.phase = ""
        self.statements: list[Any] = []
        self.loads: list[Any] = []
        self._made: set[Any] = set()

    def listen(self) -> None:
        """Begin, for all engines, sessions and mapped classes."""
        from sqlalchemy import event, exc
        from sqlalchemy.engine import Engine
        from sqlalchemy.orm import Mapper, Session

        event.listen(Engine, "before_cursor_execute", self._safe(self._before))
        event.listen(Engine, "after_cursor_execute", self._safe(self._after))
        event.listen(Mapper, "load", self._safe(self._loaded), raw=True)
        event.listen(Mapper, "refresh", self._safe(self._loaded), raw=True)
        event.listen(Mapper, "init", self._safe(self._init), raw=True)
        event.listen(Session, "after_commit", lambda session: _tick(session, 0))
        event.listen(Session, "after_soft_rollback", lambda session, _: _tick(session, 1))
        event.listen(Session, "after_flush", lambda session, _: _tick(session, 2))
        event.listen(Session, "pending_to_persistent", self._safe(self._persistent))
        self._note_making(Engine, "engine", _engine_options)
        self._note_making(Session, "session", _session_options)
        if hasattr(exc, "MissingGreenlet"):
            self._note_missing(exc.MissingGreenlet)

    def _safe(self, note: Any) -> Any:
        """What goes wrong in a listener is written down, and the suite goes on."""

        def noted(*args: Any) -> None:
            try:
                note(*args)
            except Exception as error:
                self._log.line("fault", note.__name__, f"{type(error).__name__}: {error}")

        return noted

    def taken(self) -> tuple[list[Any], list[Any]]:
        """What has been noted since the last call."""
        taken = self.statements, self.loads
        self.statements, self.loads = [], []
        return taken

    def stack(self, walk: Walk) -> int:
        """The number of a stack."""
        return self._log.number("stack", tuple(self._log.number("frame", frame) for frame in walk.frames))

    def _before(self, conn: Any, cursor: Any, statement: str, parameters: Any, context: Any, many: bool) -> None:
        walk = self._stacks.walk(sys._getframe(2))
        stack = self.stack(walk)
        types = self._log.number("types", _types(parameters))
        sql = self._log.number("sql", statement)
        kind = walk.kind
        driver = f"{conn.dialect.name}+{conn.dialect.driver}"
        made = self._log.number("driver", (driver, bool(getattr(conn.dialect, "is_async", False))))
        load = self._implicit(walk, kind, stack) if kind in ("lazy", "expired") else None
        row = [sql, stack, kind, self.phase, types, None, made, lane(), load]
        session = _session(walk)
        if session is not None and kind not in ("eager", "flush"):
            session._asyncshift_query = (kind, stack)
        context._asyncshift_row = row
        self.statements.append(row)

    def _after(self, conn: Any, cursor: Any, statement: str, parameters: Any, context: Any, many: bool) -> None:
        row = getattr(context, "_asyncshift_row", None)
        if row is not None:
            row[5] = cursor.rowcount

    # Objects

    def _loaded(self, state: Any, context: Any, names: Any = None) -> None:
        session = context.session if context is not None else state.session
        kind, stack = getattr(session, "_asyncshift_query", ("", None))
        if kind in ("expired", "refresh") and hasattr(state, "_asyncshift_origin"):
            kind, stack, _ = state._asyncshift_origin
        state._asyncshift_origin = (kind, stack, _clock(session))

    def _init(self, state: Any, args: Any, kwargs: Any) -> None:
        frame = self._stacks.nearest(sys._getframe(1))
        stack = self._log.number("stack", (self._log.number("frame", frame),) if frame else ())
        state._asyncshift_origin = ("made", stack, None)

    def _persistent(self, session: Any, instance: Any) -> None:
        state = instance._sa_instance_state
        kind, stack, _ = getattr(state, "_asyncshift_origin", ("made", None, None))
        state._asyncshift_origin = (kind, stack, _clock(session))

    def _implicit(self, walk: Walk, kind: str, stack: int, missing: bool = False) -> int | None:
        """Note an attribute access that sends a query; the number of the note."""
        found = _attribute(walk)
        if found is None:
            return None
        state, key, kind = found
        origin, loader, clock = getattr(state, "_asyncshift_origin", ("", None, None))
        between = _between(clock, state.session)
        if kind == "expired" and not {"commit", "rollback"} & set(between) and _is_server_value(state, key):
            kind = "server default"
        owner = state.class_
        name = f"{owner.__module__}.{owner.__qualname__}.{key}"
        self.loads.append([kind, name, stack, origin, loader, between, walk.through, missing, self.phase])
        return len(self.loads) - 1

    # Sessions, engines, and what goes wrong

    def _note_making(self, cls: Any, kind: str, options: Any) -> None:
        original = cls.__init__

        @wraps(original)
        def made(this: Any, *args: Any, **kwargs: Any) -> None:
            original(this, *args, **kwargs)
            frame = self._stacks.nearest(sys._getframe(1))
            where = self._log.number("frame", frame) if frame else None
            key = (kind, where, options(this), lane())
            if key not in self._made:
                self._made.add(key)
                self._log.line(*key)

        cls.__init__ = made

    def _note_missing(self, error: Any) -> None:
        """A MissingGreenlet is noted where it is raised, since what sees it may turn it into a response."""
        original = error.__init__

        @wraps(original)
        def raised(this: Any, *args: Any, **kwargs: Any) -> None:
            original(this, *args, **kwargs)
            walk = self._stacks.walk(sys._getframe(1))
            stack = self.stack(walk)
            if self._implicit(walk, walk.kind, stack, missing=True) is None:
                self.loads.append(["", "", stack, "", None, [], walk.through, True, self.phase])

        error.__init__ = raised


def _attribute(walk: Walk) -> tuple[Any, str, str] | None:
    """The state, the attribute's name and the kind of an implicit load."""
    lazy, expired, get = (walk.marks.get(name) for name in ("lazy", "expired", "get"))
    if lazy is not None and lazy.get("state") is not None:
        loader = lazy["self"]
        kind = "deferred" if "Column" in type(loader).__name__ else "lazy"
        return lazy["state"], loader.key, kind
    if expired is not None:
        return expired["self"], get["self"].key if get is not None else "", "expired"
    return None


def _is_server_value(state: Any, key: str) -> bool:
    columns = getattr(state.mapper.attrs.get(key), "columns", [])
    return any(c.server_default is not None or c.server_onupdate is not None for c in columns)


def _session(walk: Walk) -> Any:
    owned = walk.marks.get("session") or walk.marks.get("flush")
    return owned.get("self") if owned is not None else None


def _clock(session: Any) -> list[int] | None:
    return list(getattr(session, "_asyncshift_clock", (0, 0, 0))) if session is not None else None


def _tick(session: Any, hand: int) -> None:
    clock = _clock(session) or [0, 0, 0]
    clock[hand] += 1
    session._asyncshift_clock = clock


def _between(then: list[int] | None, session: Any) -> list[str]:
    """What the session did since."""
    now = _clock(session)
    if then is None or now is None:
        return []
    return [name for name, a, b in zip(("commit", "rollback", "flush"), then, now) if a != b]


def _types(parameters: Any) -> str:
    """The types of a statement's parameters; of the first set where there are many."""
    many = isinstance(parameters, list) and bool(parameters) and isinstance(parameters[0], (tuple, list, dict))
    first = parameters[0] if many else parameters
    values = first.values() if isinstance(first, dict) else first or ()
    told = ",".join(type(value).__name__ for value in values)
    return f"{len(parameters)} x {told}" if many else told


def _engine_options(engine: Any) -> tuple[str, ...]:
    url = engine.url
    return (f"{url.drivername}", type(engine.pool).__name__, "echo" if engine.echo else "")


def _session_options(session: Any) -> tuple[str, ...]:
    names = ("expire_on_commit", "autoflush", "autocommit", "future")
    given = [f"{name}={getattr(session, name)}" for name in names if isinstance(getattr(session, name, None), bool)]
    return (type(session).__name__, *given)


# HTTP


class Exchanges:
    """Notes the requests that go through httpx, or through clients that are made of it or of requests."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self.seen: list[Any] = []
        self._patched: set[Any] = set()
        self.before_request: Any = None

    def taken(self) -> list[Any]:
        """What has been noted since the last call."""
        taken, self.seen = self.seen, []
        return taken

    def watch(self) -> None:
        """Begin, for the libraries that are imported by now."""
        for module, names in (("httpx", ("Client", "AsyncClient")), ("requests", ("Session",))):
            for name in names:
                cls = getattr(sys.modules.get(module), name, None)
                if cls is not None and cls not in self._patched:
                    self._patched.add(cls)
                    self._patch(cls, is_async=name.startswith("Async"))

    def _patch(self, cls: Any, is_async: bool) -> None:
        original = cls.send

        @wraps(original)
        def send(this: Any, request: Any, *args: Any, **kwargs: Any) -> Any:
            self._begin()
            response = original(this, request, *args, **kwargs)
            self._note(request, response, kwargs)
            return response

        @wraps(original)
        async def send_async(this: Any, request: Any, *args: Any, **kwargs: Any) -> Any:
            self._begin()
            response = await original(this, request, *args, **kwargs)
            self._note(request, response, kwargs)
            return response

        cls.send = send_async if is_async else send

    def _begin(self) -> None:
        if self.before_request is not None:
            self.before_request()

    def _note(self, request: Any, response: Any, kwargs: Any) -> None:
        url = request.url
        path = url.raw_path.decode() if hasattr(url, "raw_path") else str(url).partition("://")[2].partition("/")[2]
        sent = _sent(request)
        content = b"" if kwargs.get("stream") else response.content
        headers = {k.lower(): v for k, v in request.headers.items() if k.lower() in ("content-type", "authorization")}
        shape = json.dumps(_shape(_decoded(content)), separators=(",", ":"))
        kind = response.headers.get("content-type", "")
        answer = [response.status_code, kind, hashlib.sha256(content).hexdigest()[:16], shape]
        self.seen.append([request.method, path, headers, sent, *answer, self._database.phase])


def _sent(request: Any) -> str | None:
    """A request's body where it is text that is not long."""
    try:
        content = request.content if hasattr(request, "content") else request.body
    except RuntimeError:  # a stream that has not been read
        return None
    if isinstance(content, str) or content is None:
        return content
    if len(content) > LONGEST_BODY:
        return None
    try:
        return bytes(content).decode()
    except UnicodeDecodeError:
        return None


def _decoded(content: bytes) -> Any:
    try:
        return json.loads(content) if content[:1] in (b"{", b"[") and len(content) < 1_000_000 else None
    except ValueError:
        return None


def _shape(value: Any) -> Any:
    """A JSON value with each plain value replaced by its type, and a list by the shapes in it."""
    if isinstance(value, dict):
        return {key: _shape(inner) for key, inner in value.items()}
    if isinstance(value, list):
        shapes: list[Any] = []
        for item in map(_shape, value):
            if item not in shapes:
                shapes.append(item)
        return shapes
    return type(value).__name__


# What is left when all has run: applications and tables


def applications() -> Iterator[tuple[str, str, Any]]:
    """The FastAPI applications there are: where each can be imported from, its title, its OpenAPI document."""
    fastapi = sys.modules.get("fastapi")
    if fastapi is None:
        return
    homes = {
        id(value): f"{name}:{attribute}"
        for name, module in list(sys.modules.items())
        for attribute, value in list(getattr(module, "__dict__", {}).items())
        if isinstance(type(value), type) and issubclass(type(value), fastapi.FastAPI)
    }
    for app in _living(fastapi.FastAPI):
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            try:
                document = app.openapi()
            except Exception as error:  # the project's own schema may be impossible
                document = {"error": f"{type(error).__name__}: {error}"}
        yield homes.get(id(app), ""), app.title, document


def metadata() -> Iterator[list[str]]:
    """Each MetaData that has tables, in lines."""
    from sqlalchemy import MetaData

    for found in _living(MetaData):
        if found.tables:
            yield sorted(line for table in found.tables.values() for line in _table_lines(table))


def _living(cls: type) -> list[Any]:
    return [value for value in gc.get_objects() if issubclass(type(value), cls)]


def _table_lines(table: Any) -> Iterator[str]:
    for column in table.columns:
        words = [f"{table.fullname}.{column.name}", _told(column.type)]
        words += ["" if column.nullable else "not null", "primary key" if column.primary_key else ""]
        words += [f"default {_told(column.server_default.arg)}" if hasattr(column.server_default, "arg") else ""]
        yield " ".join(filter(None, words))
    for constraint in table.constraints:
        columns = ", ".join(sorted(column.name for column in getattr(constraint, "columns", ())))
        references = ", ".join(sorted(str(e.target_fullname) for e in getattr(constraint, "elements", ())))
        text = _told(getattr(constraint, "sqltext", ""))
        yield " ".join(filter(None, [f"{table.fullname}: {type(constraint).__name__}", columns, references, text]))
    for index in table.indexes:
        columns = ", ".join(_told(expression) for expression in index.expressions)
        yield f"{table.fullname}: {'unique ' if index.unique else ''}index {index.name} ({columns})"


def _told(value: Any) -> str:
    """A type or clause in words."""
    try:
        return str(value)
    except Exception:  # a type that only its own dialect can say
        return type(value).__name__


# Pytest


class Plugin:
    """The hooks of one process that runs tests."""

    def __init__(self, folder: str, root: str, is_controller: bool) -> None:
        self.log = Log(folder)
        self.database = Database(self.log, Stacks(root))
        self.exchanges = Exchanges(self.database)
        self.is_controller = is_controller
        self._outcomes: dict[str, list[Any]] = {}
        self._isolated = False
        if _has_sqlalchemy():
            self.database.listen()
        if os.environ.get(ISOLATE):
            self.exchanges.before_request = self._isolate

    @pytest.hookimpl(hookwrapper=True, tryfirst=True)
    def pytest_runtest_protocol(self, item: Any) -> Iterator[None]:
        self._flush("")
        self._isolated = False
        yield
        outcome, message, seconds = self._outcomes.pop(item.nodeid, ["", "", 0.0])
        if outcome:
            self.log.line("test", item.nodeid, outcome, message, round(seconds, 4))
        self._flush(item.nodeid)
        self.log.save()

    @pytest.hookimpl(hookwrapper=True, tryfirst=True)
    def pytest_runtest_setup(self) -> Iterator[None]:
        self.exchanges.watch()
        yield from self._during("setup")

    @pytest.hookimpl(hookwrapper=True, tryfirst=True)
    def pytest_runtest_call(self) -> Iterator[None]:
        self.exchanges.watch()
        yield from self._during("call")

    @pytest.hookimpl(hookwrapper=True, tryfirst=True)
    def pytest_runtest_teardown(self) -> Iterator[None]:
        yield from self._during("teardown")

    @pytest.hookimpl(hookwrapper=True, tryfirst=True)
    def pytest_fixture_setup(self, fixturedef: Any) -> Iterator[None]:
        yield from self._during(self.database.phase if fixturedef.scope == "function" else "wide")

    def _during(self, phase: str) -> Iterator[None]:
        before, self.database.phase = self.database.phase, phase
        yield
        self.database.phase = before

    def pytest_runtest_logreport(self, report: Any) -> None:
        if self.is_controller and report.when != "???":
            return
        outcome = report.outcome if report.when == "call" or report.outcome == "skipped" else ""
        if report.outcome == "failed":
            outcome = "failed" if report.when == "call" else "error"
        if hasattr(report, "wasxfail"):
            outcome = "xpassed" if report.passed else "xfailed"
        noted = self._outcomes.setdefault(report.nodeid, ["", "", 0.0])
        noted[2] += getattr(report, "duration", 0.0)
        if outcome and noted[0] not in ("failed", "error"):
            noted[0], noted[1] = outcome, _message(report) if outcome in ("failed", "error") else ""
        if self.is_controller:
            self.log.line("test", report.nodeid, "error", _message(report), 0.0)

    def pytest_collectreport(self, report: Any) -> None:
        if report.failed and not self.is_controller:
            self.log.line("uncollected", report.nodeid, _message(report))

    def pytest_warning_recorded(self, warning_message: Any, nodeid: str) -> None:
        kind, text = warning_message.category.__name__, str(warning_message.message)
        if not self.is_controller and ("never awaited" in text or "Unraisable" in kind or "UnhandledThread" in kind):
            self.log.line("warning", nodeid, kind, text[:2000], f"{warning_message.filename}:{warning_message.lineno}")

    def pytest_sessionfinish(self, exitstatus: Any) -> None:
        self._flush("")
        if not self.is_controller:
            for application in applications():
                self.log.line("application", *application)
            if _has_sqlalchemy():
                for lines in metadata():
                    self.log.line("metadata", lines)
        self.log.line("end", int(exitstatus), self.is_controller)
        self.log.save()

    def _flush(self, test: str) -> None:
        statements, loads = self.database.taken()
        exchanges = self.exchanges.taken()
        if statements or loads:
            self.log.line("sent", test, statements, loads)
        if exchanges:
            self.log.line("http", test, exchanges)

    def _isolate(self) -> None:
        """Before a test's first request: no session knows an object that the test's set-up had loaded."""
        if self._isolated:
            return
        self._isolated = True
        from sqlalchemy.orm import Session

        for session in _living(Session):
            if not (session.new or session.dirty or session.deleted):
                session.expunge_all()


def _has_sqlalchemy() -> bool:
    try:
        import sqlalchemy.orm  # noqa: F401
    except ImportError:
        return False
    return True


def _message(report: Any) -> str:
    crash = getattr(getattr(report, "longrepr", None), "reprcrash", None)
    text = f"{crash.path}:{crash.lineno}: {crash.message}" if crash else str(report.longrepr)
    return text[:1000]


def pytest_configure(config: Any) -> None:
    """Begin, in each process that runs tests; the one that only hands them out notes how all of it ended."""
    folder, root = os.environ.get(FOLDER), os.environ.get(ROOT)
    if folder and root:
        distributes = getattr(config.option, "dist", "no") != "no" and not hasattr(config, "workerinput")
        config.pluginmanager.register(Plugin(folder, root, distributes), "asyncshift-recorder-hooks")
