"""Asks the original and the converted application the same, side by side.

Each run has its own copy of the project, and a database that begins as a copy of the same filled one. The original
runs twice, so that what differs from run to run can be told from what the migration changed.
"""

from __future__ import annotations

import ast
import json
import os
import shutil
import subprocess
from collections.abc import Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from importlib.resources import as_file, files
from pathlib import Path, PurePosixPath
from typing import Any

from .requests import Request

FILLED = "filled"
BEFORE, AGAIN, AFTER = "before", "again", "after"
ROWS = 3
PLAYER = "asyncshift_player"


class NotAsked(Exception):
    """An application could not be asked; the message is one line."""


@dataclass(frozen=True, slots=True)
class Sides:
    """Where the two stand, and how they are run: each run in a copy of its own, since it may write files.

    `project` is the real project; `inside` the folder within a copy that the application is started in.
    """

    before: Path
    after: Path
    project: Path
    inside: PurePosixPath
    python: str
    app: str
    work: Path

    def fill(self, sign_up: Sequence[Request], rows: int) -> dict[str, Any]:
        """Make the database that all runs begin with; what the original says of itself and its rows."""
        job = {"copies": [BEFORE, AGAIN, AFTER], "setup": list(sign_up), "fill": rows}
        return self._run(FILLED, self.before, job)

    def document(self) -> Mapping[str, Any]:
        """The original's OpenAPI document."""
        found: Mapping[str, Any] = self._run("document", self.before, {"describe": True})["openapi"]
        return found

    def ask(self, requests: Sequence[Request]) -> tuple[list[Any], list[Any], list[Any]]:
        """The responses of the original, of the original once more, and of the converted application."""
        job = {"requests": list(requests)}
        before = self._run(BEFORE, self.before, job)
        # Not at the same time as the first: what tells the time must differ.
        with ThreadPoolExecutor(2) as pool:
            again, after = pool.map(self._run, (AGAIN, AFTER), (self.before, self.after), (job, job))
        return before["responses"], again["responses"], after["responses"]

    def clear(self, statements: Sequence[str]) -> None:
        """Remove the databases that were made on a server."""
        if statements:
            self._run("clear", self.before, {"drop": list(statements)})

    def _run(self, label: str, tree: Path, job: Mapping[str, Any]) -> dict[str, Any]:
        copy = self.work / f"{label}-project"
        shutil.copytree(tree, copy, symlinks=True)
        file, out = self.work / f"{label}.job", self.work / f"{label}.json"
        here = copy / self.inside
        whole = {
            "app": self.app,
            "label": label,
            "folder": str(self.work),
            "project": str(self.project),
            "out": str(out),
        }
        file.write_text(json.dumps({**whole, **job}), "utf-8")
        with as_file(files(__package__) / "plugin") as plugin:
            paths = [str(plugin), *_moved(os.environ.get("PYTHONPATH", ""), self.project, copy)]
            environment = {
                **os.environ,
                "PYTHONPATH": os.pathsep.join(filter(None, paths)),
                "ASYNCSHIFT_ROOT": str(copy),
                "PYTHONDONTWRITEBYTECODE": "1",
                "PYTHONHASHSEED": "0",  # sets are told in the same order
            }
            command = [self.python, "-m", PLAYER, str(file)]
            with (self.work / f"{label}.log").open("wb") as log:
                done = subprocess.run(command, cwd=here, env=environment, stdout=log, stderr=log, check=False)
        result: dict[str, Any] = json.loads(out.read_text("utf-8")) if out.exists() else {}
        if not result or "error" in result:
            side = "converted" if label == AFTER else "original"
            raise NotAsked(
                f"the {side} application does not run: {result.get('error', f'exit code {done.returncode}')}"
            )
        return result


def _moved(paths: str, project: Path, tree: Path) -> Iterator[str]:
    """The entries of a search path, those within the project in its copy."""
    for path in paths.split(os.pathsep):
        inside = Path(path).is_relative_to(project) if path else False
        yield str(tree / Path(path).relative_to(project)) if inside else path


def find_app(root: Path, here: Path, paths: Iterable[str]) -> str | None:
    """`module:attribute` of the project's FastAPI application, as it is imported from the folder `here`."""
    found = []
    for path in paths:
        if "test" in path or not (root / path).is_relative_to(here):
            continue
        content = (root / path).read_bytes()
        if b"FastAPI" in content or b"create_app" in content:
            found += [(path, name) for name in _apps(ast.parse(content))]
    if not found:
        return None
    path, name = min(found, key=lambda f: (f[0].count("/"), PurePosixPath(f[0]).stem not in {"main", "app", "asgi"}, f))
    relative = (root / path).relative_to(here).with_suffix("")
    parts = (
        relative.parts[1:] if relative.parts[0] == "src" and not (here / "src/__init__.py").exists() else relative.parts
    )
    return f"{'.'.join(p for p in parts if p != '__init__')}:{name}"


def _apps(tree: ast.Module) -> Iterator[str]:
    """The names that a module gives to applications."""
    for statement in tree.body:
        match statement:
            case (
                ast.Assign(targets=[ast.Name(id=name)], value=ast.Call(func=func))
                | ast.AnnAssign(target=ast.Name(id=name), value=ast.Call(func=func))
            ):
                called = func.attr if isinstance(func, ast.Attribute) else getattr(func, "id", "")
                if called == "FastAPI" or (name in {"app", "application"} and "app" in called):
                    yield name
