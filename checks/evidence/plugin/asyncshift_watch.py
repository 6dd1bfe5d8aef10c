"""Notes what a project does with its database: statements, attribute accesses that send some, sessions and engines.

It runs in the project's own interpreter (Python 3.9 or newer, SQLAlchemy 1.4 or newer) and needs nothing else. Each
process appends to a file of its own; a line is a JSON array, its kind first. Frames, stacks and SQL are written once
and have numbers from then on.
"""

from __future__ import annotations

import asyncio
import gc
import inspect
import json
import os
import sys
import threading
from functools import wraps
from pathlib import Path
from typing import Any

FOREIGN = (
    "site-packages",
    "dist-packages",
    ".asyncshift",
    "asyncshift_imports.py",
    "asyncshift_recorder.py",
    "asyncshift_watch.py",
)

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
    ("orm/session.py", "_get_impl"): "get",
    ("orm/attributes.py", "get"): "attribute",
    ("orm/loading.py", "load_on_pk_identity"): "loading",
    ("orm/loading.py", "_load_on_pk_identity"): "loading",
    ("orm/strategies.py", "_emit_lazyload"): "loading",
    ("orm/strategies.py", "_load_via_parent"): "loading",
    ("orm/strategies.py", "_load_via_child"): "loading",
}
ORM = "sqlalchemy"
STANDARD = os.path.join(os.path.dirname(os.path.realpath(os.__file__)), "")
SYSTEM = frozenset({"pg_catalog", "information_schema", "sys"})
OWNED = frozenset({"session", "flush", "lazy", "expired", "attribute"})
KINDS = frozenset({"eager", "lazy", "expired", "refresh", "flush", "get"})
# Under these a load is awaited with the call: it is none of an attribute access.
AWAITED = ("flush", "delete", "merge", "refresh", "get")


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
    """What a stack says: the project's frames, innermost first, and which functions of SQLAlchemy lie before them.

    The last cell of a frame is the library through which it called the one before.
    """

    def __init__(self) -> None:
        self.frames: list[tuple[str, int, str, str]] = []
        self.marks: dict[str, Any] = {}
        self.library = ""
        self._passed = ""

    def add(self, path: str, line: int, function: str) -> None:
        """A frame of the project."""
        if not self.frames:
            self.library = self._passed if self._passed != ORM else ""
        self.frames.append((path, line, function, self._passed if self.frames else ""))
        self._passed = ""

    def pass_through(self, mark: str, library: str, frame: Any) -> None:
        """A frame of somebody else."""
        if mark == "loading" and self._passed != ORM:
            self.frames.clear()  # the project's `execute` stands in for the session's: what loads is further out
        self._passed = library
        if mark and not self.frames and mark not in self.marks:
            self.marks[mark] = frame.f_locals if mark in OWNED else True

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
            _, mark, where = known
            if mark == "project":
                walk.add(where, frame.f_lineno, code.co_name)
            elif where:
                walk.pass_through(mark, where, frame)
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

    def _learn(self, code: Any) -> tuple[Any, str, str]:
        """What a code object is: (itself, mark, path or library)."""
        name = os.path.realpath(code.co_filename) if os.path.exists(code.co_filename) else code.co_filename
        if "sqlalchemy" in name:
            slashed = name.replace(os.sep, "/")
            mark = next((m for (end, f), m in MARKS.items() if f == code.co_name and slashed.endswith(end)), "")
            known = code, mark, ORM
        elif name.startswith(self._root) and not any(part in name for part in FOREIGN):
            known = code, "project", name[len(self._root) :].replace(os.sep, "/")
        else:
            packages = "site-packages" + os.sep
            home = packages if packages in name else STANDARD
            known = code, "", name.partition(home)[2].partition(os.sep)[0].partition(".")[0]
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


def strand() -> tuple[int, int]:
    """The thread, and the task in it."""
    task = asyncio.current_task() if asyncio._get_running_loop() is not None else None
    return threading.get_ident(), id(task)


class Database:
    """Listens to SQLAlchemy."""

    def __init__(self, log: Log, stacks: Stacks) -> None:
        self._log, self._stacks = log, stacks
        self.phase = ""
        self.statements: list[Any] = []
        self.loads: list[Any] = []
        self.sent_at_once = False
        self._running: set[tuple[int, int]] = set()
        self._made: set[Any] = set()
        self._frames: dict[int, list[tuple[str, int, str, str]]] = {}

    def listen(self) -> None:
        """Begin, for all engines, sessions and mapped classes."""
        from sqlalchemy import event, exc
        from sqlalchemy.engine import Engine
        from sqlalchemy.orm import Mapper, Session

        event.listen(Engine, "before_cursor_execute", self._safe(self._before))
        event.listen(Engine, "after_cursor_execute", self._safe(self._after))
        event.listen(Engine, "handle_error", self._safe(lambda context: self._running.discard(strand())))
        event.listen(Mapper, "before_update", self._safe(_note_unseen))
        event.listen(Mapper, "load", self._safe(self._loaded), raw=True)
        event.listen(Mapper, "refresh", self._safe(self._loaded), raw=True)
        event.listen(Mapper, "init", self._safe(self._init), raw=True)
        event.listen(Session, "after_commit", lambda session: _tick(session, 0))
        event.listen(Session, "after_soft_rollback", lambda session, _: _tick(session, 1))
        event.listen(Session, "after_flush", _flushed)
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
        self.statements, self.loads, self.sent_at_once = [], [], False
        self._running.clear()
        return taken

    def stack(self, walk: Walk) -> int:
        """The number of a stack."""
        number = self._log.number("stack", tuple(self._log.number("frame", frame) for frame in walk.frames))
        self._frames[number] = walk.frames
        return number

    def frames(self, stack: int) -> list[tuple[str, int, str, str]]:
        """The frames of a stack by its number, innermost first."""
        return self._frames[stack]

    def _before(self, conn: Any, cursor: Any, statement: str, parameters: Any, context: Any, many: bool) -> None:
        here = strand()
        self._running.add(here)
        self.sent_at_once |= len(self._running) > 1
        walk = self._stacks.walk(sys._getframe(2))
        stack = self.stack(walk)
        types = self._log.number("types", _types(parameters))
        sql = self._log.number("sql", statement)
        kind = walk.kind
        driver = f"{conn.dialect.name}+{conn.dialect.driver}"
        made = self._log.number("driver", (driver, bool(getattr(conn.dialect, "is_async", False))))
        load = self._implicit(walk, kind, stack) if kind in ("lazy", "expired") else None
        session = _session(walk)
        unseen = sorted(getattr(session, "_asyncshift_unseen", ())) if kind == "flush" else []
        row = [sql, stack, kind, self.phase, types, None, made, lane(), load, unseen]
        if session is not None and kind not in ("eager", "flush"):
            session._asyncshift_query = (kind, stack)
        context._asyncshift_row = row
        self.statements.append(row)

    def _after(self, conn: Any, cursor: Any, statement: str, parameters: Any, context: Any, many: bool) -> None:
        self._running.discard(strand())
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

        cls.__init__ = _with_parameters(original, made)

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


def _with_parameters(original: Any, made: Any) -> Any:
    """A function that has the original's parameters: `create_engine()` looks at their names in the code object."""
    code = original.__code__
    if code.co_kwonlyargcount or code.co_flags & (inspect.CO_VARARGS | inspect.CO_VARKEYWORDS):
        return made
    names = ", ".join(code.co_varnames[: code.co_argcount])
    found = eval(f"lambda {names}: made({names})", {"made": made})
    found.__defaults__ = original.__defaults__
    return found


def _attribute(walk: Walk) -> tuple[Any, str, str] | None:
    """The state, the attribute's name and the kind of an implicit load."""
    lazy, expired, attribute = (walk.marks.get(name) for name in ("lazy", "expired", "attribute"))
    if lazy is not None and lazy.get("state") is not None:
        loader = lazy["self"]
        kind = "deferred" if "Column" in type(loader).__name__ else "lazy"
        return lazy["state"], loader.key, kind
    if expired is not None:
        return expired["self"], attribute["self"].key if attribute is not None else "", "expired"
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


def _flushed(session: Any, _: Any) -> None:
    _tick(session, 2)
    session._asyncshift_unseen = set()


def _note_unseen(mapper: Any, connection: Any, target: Any) -> None:
    """Note the columns that are written without a look at what they held: they may have held the same.

    Where nothing else is written, what the database or SQLAlchemy sets on each change is due to them alone.
    """
    from sqlalchemy.orm.base import NO_VALUE

    state = target._sa_instance_state
    changes = {key: old for key, old in state.committed_state.items() if key in mapper.column_attrs}
    names = {mapper.column_attrs[key].columns[0].name for key, old in changes.items() if old is NO_VALUE}
    if names and all(old is NO_VALUE for old in changes.values()):
        names |= {column.name for column in mapper.columns if getattr(column, "onupdate", None) is not None}
    known: set[str] = getattr(state.session, "_asyncshift_unseen", set())
    state.session._asyncshift_unseen = known | names


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


def living(cls: type) -> list[Any]:
    """The objects of a class that there are."""
    return [value for value in gc.get_objects() if issubclass(type(value), cls)]


def catalogues() -> list[Any]:
    """Each MetaData that has tables of the project; SQLAlchemy has some of its own for what databases hold."""
    from sqlalchemy import MetaData

    gc.collect()  # what a migration has read of a database and nobody holds any more
    return [m for m in living(MetaData) if any((t.schema or "").lower() not in SYSTEM for t in m.tables.values())]
