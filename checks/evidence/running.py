"""Runs a project's suite in its own interpreter, with the recorder beside it."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from importlib.resources import as_file, files
from pathlib import Path

from .recording import merged

PLUGIN = "asyncshift_recorder"
INTERRUPTED = 2
USED_WRONGLY = 4


class NotRun(Exception):
    """The suite could not be started; the message is one line."""


@dataclass(frozen=True, slots=True)
class Suite:
    """How a project's suite is run: `arguments` are what follows the interpreter, such as `-m pytest tests`."""

    root: Path
    here: Path
    python: str
    arguments: Sequence[str]
    environment: Mapping[str, str] = field(default_factory=dict)

    def command(self) -> list[str]:
        """The command, with the plugin behind the word pytest.

        Raises:
            NotRun: no pytest is in it.
        """
        words = list(self.arguments)
        if words[:1] != ["-m"] and not words[0].endswith(".py"):
            words = ["-m", *words]
        place = next((i for i, word in enumerate(words) if word in ("pytest", "py.test")), None)
        if place is None:
            raise NotRun("what runs the suite? give it behind --, such as: -- -m pytest tests")
        return [self.python, *words[: place + 1], "-p", PLUGIN, *words[place + 1 :]]


def default_python(root: Path) -> str:
    """The project's interpreter: the active environment's, else the project's own, else this one."""
    folders = [Path(os.environ["VIRTUAL_ENV"])] if "VIRTUAL_ENV" in os.environ else []
    folders += [root / ".venv", root / "venv"]
    for folder in folders:
        for name in ("bin/python", "Scripts/python.exe"):
            if (folder / name).exists():
                return str(folder / name)
    return sys.executable


def record(suite: Suite, files_: Mapping[str, str], target: Path) -> int:
    """Run a suite and write what was seen to `target`; its exit code.

    `files_` are the digests of the project's files. What a suite that is interrupted or crashes has done so far is
    written as well.

    Raises:
        NotRun: the suite could not be started, or nothing of it has been seen.
    """
    command = suite.command()
    target.parent.mkdir(parents=True, exist_ok=True)
    home = Path(tempfile.mkdtemp(prefix="recording-", dir=target.parent))
    started = time.time()
    try:
        with as_file(files(__package__) / "plugin") as plugin:
            code = _run(command, suite, plugin, home)
        if code == USED_WRONGLY or not any(home.iterdir()):
            raise NotRun(f"the suite did not come as far as its tests (exit code {code}): see what it printed")
        header = {"arguments": list(suite.arguments), "python": suite.python, "exit": code, "files": dict(files_)}
        merged(home, {**header, "started": started, "seconds": round(time.time() - started, 1)}, target)
        return code
    finally:
        shutil.rmtree(home, ignore_errors=True)


def _run(command: Sequence[str], suite: Suite, plugin: Path, home: Path) -> int:
    paths = [str(plugin), os.environ.get("PYTHONPATH", "")]
    environment = {
        **os.environ,
        **suite.environment,
        "PYTHONPATH": os.pathsep.join(filter(None, paths)),
        "ASYNCSHIFT_RECORDING": str(home),
        "ASYNCSHIFT_ROOT": str(suite.root),
    }
    try:
        process = subprocess.Popen(command, cwd=suite.here, env=environment)
    except OSError as error:
        raise NotRun(f"{command[0]}: {error.strerror}") from None
    while True:
        try:
            return process.wait()
        except KeyboardInterrupt:  # the suite gets it as well, and tells what it has
            continue
