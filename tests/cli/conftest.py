"""What the tests of the command line share."""

from __future__ import annotations

import os
import signal
import subprocess
from collections.abc import Callable, Mapping
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from asyncshift.cli.main import main

Step = Callable[[str], None]
# The first words of what writing tells of each of its steps.
STEPS = {"make", "hide", "save", "keep", "write", "prepare", "replace", "finish"}


class Folder:
    """A folder that a test fills and looks at."""

    def __init__(self, root: Path) -> None:
        self.root = root

    def write(self, files: Mapping[str, str | bytes]) -> Folder:
        for path, content in files.items():
            target = self.root / path
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_bytes(content.encode() if isinstance(content, str) else content)
        return self

    def git(self, *arguments: str) -> None:
        identity = ["-c", "user.name=test", "-c", "user.email=test@localhost", "-c", "core.hooksPath=/dev/null"]
        subprocess.run(["git", *identity, *arguments], cwd=self.root, check=True, capture_output=True)

    def commit(self) -> None:
        if not (self.root / ".git").exists():
            self.git("init", "-q")
        self.git("add", "-A")
        self.git("commit", "-qm", "all")

    def snapshot(self) -> dict[str, tuple[bytes, int, str]]:
        """Every file's bytes, mode and link target, the tool's and git's own folders left out."""
        files = [path for path in self.root.rglob("*") if path.is_file()]
        mine = [p for p in files if not {".asyncshift", ".git"} & set(p.relative_to(self.root).parts)]
        return {
            p.relative_to(self.root).as_posix(): (
                p.read_bytes(),
                p.stat().st_mode,
                os.readlink(p) if p.is_symlink() else "",
            )
            for p in mine
        }


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Folder:
    """An empty folder, which is also the current one."""
    root = tmp_path / "project"
    root.mkdir()
    monkeypatch.chdir(root)
    return Folder(root)


@pytest.fixture
def run() -> Callable[..., Result]:
    """Runs `asyncshift` with arguments."""
    return lambda *arguments: CliRunner().invoke(main, arguments)


@pytest.fixture
def killed() -> Callable[[Callable[[Step], object], int], str | None]:
    """Runs an action in a process of its own and kills that at its n-th step; returns the step, None if it ended."""

    def run(action: Callable[[Step], object], at: int) -> str | None:
        reading, writing = os.pipe()
        child = os.fork()
        if child == 0:
            seen = 0

            def step(name: str) -> None:
                nonlocal seen
                if seen == at:
                    os.write(writing, name.encode())
                    os.kill(os.getpid(), signal.SIGKILL)
                seen += 1

            try:
                action(step)
            finally:
                os._exit(0)
        os.close(writing)
        with open(reading, "rb") as pipe:
            name = pipe.read().decode()
        _, state = os.waitpid(child, 0)
        assert os.WIFSIGNALED(state) == bool(name)
        return name or None

    return run
