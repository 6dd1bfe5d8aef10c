"""Sends requests to a project's ASGI application and writes down what it answers.

It runs in the project's own interpreter, in a copy of the project, with databases of its own: each engine connects to a
SQLite file in the job's folder, or to a PostgreSQL database whose name ends in the job's label. The application, its
sessions and its engines are otherwise as in production.

    python -m asyncshift_player JOB.json

A job has `app` ("module:attribute"), `label`, `folder`, `requests`, `out`, and for the first run `fill`: how many rows
each table gets, and `copies`: labels of the databases that begin as copies of this one.
"""

from __future__ import annotations

import asyncio
import base64
import json
import os
import random
import shutil
import sys
import traceback
import urllib.parse
from importlib import import_module
from pathlib import Path
from typing import Any

import asyncshift_watch as watch
from asyncshift_rows import Tables

ROOT = "ASYNCSHIFT_ROOT"
LONGEST_WAIT = 60


# Databases


class Databases:
    """Gives each engine a database of this job's own."""

    def __init__(self, folder: Path, label: str) -> None:
        self.folder, self.label = folder / label, label
        self._servers: dict[str, Any] = {}
        self.folder.mkdir(parents=True, exist_ok=True)

    def redirect(self) -> None:
        """Begin, for all engines."""
        from sqlalchemy import event
        from sqlalchemy.engine import Engine

        event.listen(Engine, "do_connect", self._connect)

    def _connect(self, dialect: Any, record: Any, args: list[Any], parameters: dict[str, Any]) -> None:
        if dialect.name == "sqlite":
            given = str(args[0] if args else parameters.get("database", "")).partition("?")[0]
            path = str(self.folder / (os.path.basename(given.replace(":memory:", "memory.db")) or "memory.db"))
            if args:
                args[0] = path
            else:
                parameters["database"] = path
        elif dialect.name == "postgresql":
            key = "dbname" if "dbname" in parameters else "database"
            if key not in parameters:
                raise RuntimeError("the address of the database names none")
            if parameters[key].endswith(f"_{self.label}"):  # the engine connects once more
                return
            name = f"{parameters[key]}_{self.label}"
            if parameters[key] not in self._servers and self.label == "filled":
                self._servers[parameters[key]] = dialect.loaded_dbapi, args, dict(parameters)
                self._on_server(parameters[key], f'DROP DATABASE IF EXISTS "{name}"', f'CREATE DATABASE "{name}"')
            parameters[key] = name
        else:
            raise RuntimeError(f"{dialect.name}: only SQLite and PostgreSQL databases can be made anew")

    def _on_server(self, name: str, *statements: str) -> None:
        module, args, parameters = self._servers[name]
        connection = module.connect(*args, **parameters)
        connection.autocommit = True
        for statement in statements:
            connection.cursor().execute(statement)
        connection.close()

    async def copy(self, labels: list[str]) -> None:
        """Make databases with the same content for other jobs. None may be connected."""
        from sqlalchemy.util import greenlet_spawn

        for label in labels:
            shutil.copytree(self.folder, self.folder.with_name(label))
            for name in self._servers:
                new = f'"{name}_{label}"'
                made = f'CREATE DATABASE {new} TEMPLATE "{name}_{self.label}"'
                # The driver may be an async one.
                await greenlet_spawn(self._on_server, name, f"DROP DATABASE IF EXISTS {new}", made)

    def drop(self, labels: list[str]) -> list[str]:
        """The SQL that removes what was made on servers."""
        return [f'DROP DATABASE IF EXISTS "{name}_{label}"' for name in self._servers for label in labels]


# The application


class Client:
    """Speaks ASGI to an application, in its event loop; cookies are kept."""

    def __init__(self, app: Any) -> None:
        self._app = app
        self._cookies: dict[str, str] = {}
        self._lifespan: Any = None
        self._events: asyncio.Queue[Any] = asyncio.Queue()

    async def start(self) -> None:
        """Start the application.

        Raises:
            RuntimeError: it says that it can't.
        """
        answers: asyncio.Queue[Any] = asyncio.Queue()
        self._answers = answers
        self._lifespan = asyncio.ensure_future(self._live(answers))
        await self._events.put({"type": "lifespan.startup"})
        answer = await asyncio.wait_for(answers.get(), LONGEST_WAIT)
        if answer["type"] == "lifespan.startup.failed":
            lines = (answer.get("message") or "no reason given").strip().splitlines()
            raise RuntimeError(f"it does not start: {lines[-1]}")

    async def _live(self, answers: asyncio.Queue[Any]) -> None:
        try:
            await self._app(
                {"type": "lifespan", "asgi": {"version": "3.0"}, "state": {}}, self._events.get, answers.put
            )
        except BaseException as error:
            await answers.put({"type": "lifespan.startup.failed", "message": _told(error)})
            raise

    async def stop(self) -> None:
        """Let the application end."""
        await self._events.put({"type": "lifespan.shutdown"})
        await asyncio.wait_for(self._answers.get(), LONGEST_WAIT)

    async def send(self, method: str, path: str, headers: dict[str, str], body: bytes) -> dict[str, Any]:
        """One request; its response, and the error that ended it if one did."""
        plain, _, query = path.partition("?")
        given = {"host": "testserver", "content-length": str(len(body)), **headers}
        if self._cookies:
            given["cookie"] = "; ".join(f"{k}={v}" for k, v in self._cookies.items())
        scope = {
            "type": "http", "asgi": {"version": "3.0"}, "http_version": "1.1", "method": method, "scheme": "http",
            "path": urllib.parse.unquote(plain), "raw_path": plain.encode(), "query_string": query.encode(),
            "root_path": "", "headers": [(k.lower().encode(), v.encode()) for k, v in given.items()],
            "client": ("127.0.0.1", 50000), "server": ("testserver", 80), "state": {},
        }  # fmt: skip
        messages: list[Any] = []
        events = [{"type": "http.request", "body": body, "more_body": False}]
        done = asyncio.Event()

        async def receive() -> Any:
            if events:
                return events.pop()
            await done.wait()
            return {"type": "http.disconnect"}

        async def answer(message: Any) -> None:
            messages.append(message)

        failure = ""
        try:
            await asyncio.wait_for(self._app(scope, receive, answer), LONGEST_WAIT)
        except Exception as error:  # a server answers 500 then, and writes the error to its log
            failure = _told(error)
        done.set()
        return self._response(messages, failure)

    def _response(self, messages: list[Any], failure: str) -> dict[str, Any]:
        starts = [m for m in messages if m["type"] == "http.response.start"]
        start: dict[str, Any] = starts[0] if starts else {"status": 500}
        headers: dict[str, list[str]] = {}
        for name, value in start.get("headers", []):
            headers.setdefault(name.decode().lower(), []).append(value.decode("latin-1"))
        for cookie in headers.get("set-cookie", []):
            name, _, value = cookie.partition(";")[0].partition("=")
            self._cookies[name] = value
        body = b"".join(m.get("body", b"") for m in messages if m["type"] == "http.response.body")
        return {"status": start["status"], "headers": headers, "body": _text(body), "failure": failure}


def _text(body: bytes) -> str:
    try:
        return body.decode()
    except UnicodeDecodeError:
        return base64.b64encode(body).decode()


def _told(error: BaseException) -> str:
    """An error, and where the project's code was when it came up; of a group the first."""
    while group := getattr(error, "exceptions", None):
        error = group[0]
    root = os.path.join(os.getcwd(), "")
    frames = [f for f in traceback.extract_tb(error.__traceback__) if f.filename.startswith(root)]
    where = f" at {frames[-1].filename[len(root) :]}:{frames[-1].lineno}" if frames else ""
    first = (str(error).splitlines() or [""])[0][:300]
    return f"{type(error).__name__}: {first}{where}"


# A run


class Run:
    """Plays the requests of a job."""

    def __init__(self, job: dict[str, Any]) -> None:
        self._job = job
        self._saved: dict[str, str] = {}
        self._headers: dict[str, str] = {}
        folder = Path(job["folder"])
        self.log = watch.Log(str(folder))
        self.database = watch.Database(self.log, watch.Stacks(os.getcwd()))
        self.databases = Databases(folder, job["label"])

    async def play(self, client: Client, requests: list[dict[str, Any]]) -> list[dict[str, Any]]:
        """Send requests one after the other; random numbers begin anew with each, the same in all runs."""
        responses = []
        for number, request in enumerate(requests):
            random.seed(f"{number} {request}")
            responses.append(await self._one(client, request))
        return responses

    async def _one(self, client: Client, request: dict[str, Any]) -> dict[str, Any]:
        request = self._filled(request)
        if "path" not in request:
            self._headers.update(request.get("headers", {}))
            return {}
        self.database.taken()
        headers, body = _body(request)
        method = request.get("method", "GET").upper()
        response = await client.send(method, request["path"], {**self._headers, **headers}, body)
        statements, loads = self.database.taken()
        response["statements"] = len(statements)
        response["missing"] = [self._load(load) for load in loads if load[7]]
        for name, keys in request.get("save", {}).items():
            keys = [keys] if isinstance(keys, str) else keys
            found = [value for key in keys if (value := _found(_json(response["body"]), key)) is not None]
            if found:
                self._saved[name] = str(found[0])
        return response

    def _load(self, load: list[Any]) -> str:
        kind, attribute, stack = load[:3]
        where = next(iter(self.database.frames(stack)), None)
        place = f"{where[0]}:{where[1]}" if where else "the library " + load[6]
        return f"{kind} load of {attribute} at {place}" if attribute else f"a statement at {place}"

    def _filled(self, value: Any) -> Any:
        """A request with what was saved in place of `{name}`."""
        if isinstance(value, dict):
            return {key: self._filled(inner) if key != "save" else inner for key, inner in value.items()}
        if isinstance(value, list):
            return [self._filled(inner) for inner in value]
        if isinstance(value, str):
            for name, saved in self._saved.items():
                value = value.replace("{" + name + "}", saved)
        return value


def _body(request: dict[str, Any]) -> tuple[dict[str, str], bytes]:
    headers = dict(request.get("headers", {}))
    if "json" in request:
        return {"content-type": "application/json", **headers}, json.dumps(request["json"]).encode()
    if "form" in request:
        kind = {"content-type": "application/x-www-form-urlencoded", **headers}
        return kind, urllib.parse.urlencode(request["form"]).encode()
    return headers, request.get("text", "").encode()


def _json(text: str) -> Any:
    try:
        return json.loads(text)
    except ValueError:
        return None


def _found(value: Any, key: str) -> Any:
    """The first plain value of a key, anywhere within a JSON value."""
    if isinstance(value, dict):
        if key in value and not isinstance(value[key], (dict, list)):
            return value[key]
        value = list(value.values())
    if isinstance(value, list):
        return next((found for inner in value if (found := _found(inner, key)) is not None), None)
    return None


def load_app(name: str) -> Any:
    """The application; a function of no arguments makes it.

    Raises:
        RuntimeError: it is imported from somewhere else than this copy of the project.
    """
    module, _, attribute = name.partition(":")
    home = import_module(module)
    path = os.path.realpath(home.__file__ or "")
    if not path.startswith(os.path.realpath(os.getcwd())) and not path.startswith(os.environ[ROOT]):
        raise RuntimeError(f"{module} is imported from {path}, not from this copy of the project")
    app = getattr(home, attribute or "app")
    return app() if not hasattr(app, "openapi") and not hasattr(app, "router") else app


async def perform(job: dict[str, Any]) -> dict[str, Any]:
    """Do what a job says: describe the application, fill its database, or ask it."""
    run = Run(job)
    if "drop" not in job:
        run.databases.redirect()
    app = load_app(job["app"])
    if "drop" in job:
        return await _drop(job["drop"])
    if "describe" in job:
        return {"openapi": app.openapi() if hasattr(app, "openapi") else {}}
    run.database.listen()
    client, tables = Client(app), Tables()
    if "requests" not in job:
        client = await _with_tables(app, client, tables)
    else:
        await client.start()
    try:
        if "requests" in job:
            return {"responses": await run.play(client, job["requests"])}
        answers = await run.play(client, job["setup"])
        rows, unfilled = await tables.fill(job["fill"])
    finally:
        await client.stop()
    await tables.close()
    await run.databases.copy(job["copies"])
    drop = run.databases.drop([*job["copies"], job["label"]])
    return {"setup": answers, "rows": rows, "unfilled": unfilled, "drop": drop}


async def _with_tables(app: Any, client: Client, tables: Tables) -> Client:
    """Start an application whose database is empty; one that needs tables to start gets them between two attempts."""
    tables.learn()
    await tables.create()
    try:
        await client.start()
    except RuntimeError:
        tables.learn()
        await tables.create()
        client = Client(app)
        await client.start()
    tables.learn()
    await tables.create()
    return client


async def _drop(statements: list[str]) -> dict[str, Any]:
    """Remove databases, over an engine of the application."""
    from sqlalchemy.engine import Engine
    from sqlalchemy.util import greenlet_spawn

    engine = next(e for e in watch.living(Engine) if e.dialect.name == "postgresql")
    await greenlet_spawn(_execute, engine, statements)
    return {"dropped": len(statements)}


def _execute(engine: Any, statements: list[str]) -> None:
    with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        for statement in statements:
            connection.exec_driver_sql(statement)


def main() -> None:
    """Read the job, do it, write the result."""
    job = json.loads(Path(sys.argv[1]).read_text())
    root = os.environ[ROOT]
    real = os.path.realpath(job["project"])
    sys.path[:] = [os.getcwd(), *(path.replace(real, root) if path.startswith(real) else path for path in sys.path)]
    try:
        result = asyncio.run(perform(job))
    except Exception as error:
        result = {"error": _told(error), "traceback": traceback.format_exc()[-3000:]}
    Path(job["out"]).write_text(json.dumps(result, default=str))
    sys.stdout.flush()
    os._exit(0)  # the application may have left threads that never end


if __name__ == "__main__":
    main()
