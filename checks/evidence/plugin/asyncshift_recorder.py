"""A pytest plugin that writes down what a project's suite does: outcomes, SQL, requests, applications and tables.

It runs in the project's own interpreter. Each process that runs tests writes a file in $ASYNCSHIFT_RECORDING.
"""

from __future__ import annotations

import gc
import hashlib
import json
import os
import random
import sys
import threading
import time
import warnings
from collections.abc import Iterator, Mapping
from functools import wraps
from importlib import import_module
from pathlib import Path
from typing import Any

import pytest
from asyncshift_imports import when_imported
from asyncshift_watch import Database, Log, Stacks, catalogues, living

FOLDER = "ASYNCSHIFT_RECORDING"
ROOT = "ASYNCSHIFT_ROOT"
ISOLATE = "ASYNCSHIFT_ISOLATE"
ORM = "sqlalchemy.orm"
# A file with the tests to run, and the number that each begins its random ones with.
SEEDS = "ASYNCSHIFT_SEEDS"
LONGEST_BODY = 20_000
# Seconds that a process has to end by itself after its last test.
PATIENCE = 5


# Requests


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
    homes: dict[int, list[str]] = {}
    for name, module in list(sys.modules.items()):
        for attribute, value in list(getattr(module, "__dict__", {}).items()):
            if issubclass(type(value), fastapi.FastAPI):
                homes.setdefault(id(value), []).append(f"{name}:{attribute}")
    for app in living(fastapi.FastAPI):
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            try:
                document = app.openapi()
            except Exception as error:  # the project's own schema may be impossible
                document = {"error": f"{type(error).__name__}: {error}"}
        # Modules that import the application are its homes too; tests do, and say so in their names.
        home = min(homes.get(id(app), [""]), key=lambda name: ("test" in name, len(name)))
        yield home, app.title, document


def metadata() -> Iterator[list[str]]:
    """Each MetaData that has tables, in lines; those that migrations have made and left behind do not count."""
    gc.collect()
    for found in catalogues():
        yield sorted(line for table in found.tables.values() for line in _table_lines(table))


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


class Chance:
    """Where a test's random numbers begin.

    Each test gets a number of its own, drawn from what the suite has set up, so that two runs differ as they did before
    and one can be repeated.
    """

    def __init__(self, seeds: Mapping[str, int]) -> None:
        self.seeds = seeds
        self._seed, self._drew, self._state = 0, False, random.getstate()

    def begin(self, test: str) -> None:
        """A test begins."""
        self._seed = self.seeds.get(test) or random.getrandbits(31)
        self._drew = False
        self._restart(self._seed)

    def go_on(self) -> None:
        """Its set-up is done, of which other tests may have made a part."""
        self._look()
        self._restart(self._seed + 1)

    def end(self) -> int | None:
        """The test's number, if it drew any."""
        self._look()
        return self._seed if self._drew else None

    def _restart(self, seed: int) -> None:
        random.seed(seed)
        self._state = random.getstate()

    def _look(self) -> None:
        self._drew |= random.getstate() != self._state


# Pytest


class Plugin:
    """The hooks of one process that runs tests."""

    def __init__(self, folder: str, root: str, is_controller: bool) -> None:
        self.log = Log(folder)
        self.database = Database(self.log, Stacks(root))
        self.exchanges = Exchanges(self.database)
        self.is_controller = is_controller
        self.chance = Chance(_seeds())
        self._outcomes: dict[str, list[Any]] = {}
        self._isolated = False
        self._status = 0
        when_imported(ORM, self.database.listen)
        if os.environ.get(ISOLATE):
            self.exchanges.before_request = self._isolate

    @pytest.hookimpl(hookwrapper=True, tryfirst=True)
    def pytest_runtest_protocol(self, item: Any) -> Iterator[None]:
        self._flush("")
        self._isolated = False
        self.chance.begin(item.nodeid)
        yield
        outcome, message, seconds = self._outcomes.pop(item.nodeid, ["", "", 0.0])
        seed = self.chance.end()
        if outcome:
            at_once = self.database.sent_at_once
            self.log.line("test", item.nodeid, outcome, message, round(seconds, 4), seed, at_once)
        self._flush(item.nodeid)
        self.log.save()

    @pytest.hookimpl(hookwrapper=True, tryfirst=True)
    def pytest_runtest_setup(self) -> Iterator[None]:
        self.exchanges.watch()
        yield from self._during("setup")

    @pytest.hookimpl(hookwrapper=True, tryfirst=True)
    def pytest_runtest_call(self) -> Iterator[None]:
        self.exchanges.watch()
        self.chance.go_on()
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
            self.log.line("test", report.nodeid, "error", _message(report), 0.0, None, False)

    def pytest_collection_modifyitems(self, items: list[Any]) -> None:
        if self.chance.seeds:
            items[:] = [item for item in items if item.nodeid in self.chance.seeds]

    def pytest_collection_finish(self) -> None:
        if "sqlalchemy" in sys.modules:  # without its ORM, so far
            import_module(ORM)

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
            if ORM in sys.modules:
                for lines in metadata():
                    self.log.line("metadata", lines)
        self.log.line("end", int(exitstatus), self.is_controller)
        self.log.save()
        self._status = int(exitstatus)

    def pytest_unconfigure(self) -> None:
        """What tests have left, such as the thread of a connection that nobody closed, must not hold the process."""
        threading.Thread(target=self._leave, daemon=True).start()

    def _leave(self) -> None:
        time.sleep(PATIENCE)
        sys.stdout.flush()
        os._exit(self._status)

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

        for session in living(Session):
            if not (session.new or session.dirty or session.deleted):
                session.expunge_all()


def _seeds() -> dict[str, int]:
    path = os.environ.get(SEEDS)
    return dict(json.loads(Path(path).read_text("utf-8"))) if path else {}


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
