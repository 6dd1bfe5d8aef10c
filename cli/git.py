"""What git knows of the project's folder; everywhere else the answer is "nothing"."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Iterable
from pathlib import Path

from .errors import Failure


def inside(root: Path) -> bool:
    """Whether the folder lies in a git work tree."""
    return any((folder / ".git").exists() for folder in (root, *root.parents))


def tracked(root: Path, pattern: str) -> frozenset[str]:
    """The files below `root` that git tracks and that match a glob pattern, relative to `root`."""
    if not inside(root):
        return frozenset()
    try:
        return frozenset(_run(root, "ls-files", "-z", "--", pattern))
    except (Failure, FileNotFoundError):
        return frozenset()


def uncommitted(root: Path, touched: Iterable[str]) -> list[str]:
    """What keeps git from taking back a change of the files `touched`: every tracked file below `root` that differs
    from the last commit, and those of `touched` that git does not know.

    Raises:
        Failure: git cannot tell.
    """
    if not inside(root):
        return []
    wanted = set(touched)
    try:
        prefix = "".join(_run(root, "rev-parse", "--show-prefix")).strip()
        options = ("--porcelain", "-z", "--no-renames", "--untracked-files=all", "--ignore-submodules")
        entries = [(line[:2], line[3:].removeprefix(prefix)) for line in _run(root, "status", *options, "--", ".")]
    except FileNotFoundError:
        raise Failure("git is not installed: it cannot be told whether there are uncommitted changes") from None
    return sorted(path for state, path in entries if state != "??" or path in wanted)


def _run(root: Path, *arguments: str) -> list[str]:
    done = subprocess.run(["git", *arguments], cwd=root, capture_output=True, check=False)
    if done.returncode:
        message = os.fsdecode(done.stderr).strip().splitlines() or [f"exit code {done.returncode}"]
        raise Failure(f"git {arguments[0]}: {message[0]}")
    return [os.fsdecode(part) for part in done.stdout.split(b"\0") if part]
