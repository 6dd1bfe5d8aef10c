"""What git knows of the project's folder; everywhere else the answer is "nothing"."""

from __future__ import annotations

import os
import re
import subprocess
from collections import Counter, deque
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

from .errors import Failure

HUNK = re.compile(r"@@ -\d+(?:,(\d+))? \+(\d+)(?:,(\d+))? @@")


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


@dataclass(frozen=True, slots=True)
class Change:
    """What has changed since a revision: the lines (of now) that are other ones, and the names that files had."""

    lines: Mapping[str, frozenset[int]]
    renamed: Mapping[str, str]


def tree_name(root: Path, revision: str) -> str:
    """What git calls the folder `root` as it is in a revision.

    Raises:
        Failure: there is no such revision, or no repository.
    """
    return _output(root, "rev-parse", "--verify", f"{revision}:./").decode().strip()


def tree(root: Path, revision: str, suffixes: tuple[str, ...]) -> Iterator[tuple[str, bytes]]:
    """The files below `root` in a revision whose names end so, relative to `root`, and their contents.

    Raises:
        Failure: there is no such revision, or no repository.
    """
    listed = _run(root, "ls-tree", "-r", "-z", revision)
    blobs = [(path, entry.split()[2]) for entry, _, path in (line.partition("\t") for line in listed)]
    wanted = [(path, name) for path, name in blobs if path.endswith(suffixes)]
    answer = _output(root, "cat-file", "--batch", given="".join(f"{name}\n" for _, name in wanted).encode())
    for path, _ in wanted:
        heading, _, answer = answer.partition(b"\n")
        size = int(heading.split()[2])
        yield path, answer[:size]
        answer = answer[size + 1 :]


def history(root: Path, number: int, words: Iterable[str]) -> list[tuple[str, str, Counter[str]]]:
    """The last revisions that changed Python files below `root`, oldest first: short name, date, and how often each
    of the words stood in those files."""
    if not inside(root):
        return []
    patterns = [option for word in words for option in ("-e", word)]
    found = []
    try:
        for line in _run(root, "log", f"-{number}", "-z", "--format=%h %cs", "--", "*.py"):
            revision, date = line.split()
            counted = (
                _output(root, "grep", "-ohF", *patterns, revision, "--", "*.py", missing=b"").decode().splitlines()
            )
            found.append((revision, date, Counter(counted)))
    except (Failure, FileNotFoundError):
        return []
    return found[::-1]


def change(root: Path, revision: str) -> Change:
    """What has changed below `root` since a revision, in what git tracks.

    Raises:
        Failure: there is no such revision, or no repository.
    """
    form = ("--unified=0", "--no-color", "--no-ext-diff", "--find-renames", "--relative", "--no-prefix")
    text = _output(root, "diff", *form, revision, "--", ".").decode(errors="replace")
    lines: dict[str, set[int]] = {}
    renamed: dict[str, str] = {}
    path = before = ""
    told = iter(text.splitlines())
    for line in told:
        if line.startswith("rename from "):
            before = line.removeprefix("rename from ")
        elif line.startswith("rename to "):
            renamed[line.removeprefix("rename to ")] = before
        elif line.startswith("+++ "):
            path = line.removeprefix("+++ ").rstrip("\t")
        elif hunk := HUNK.match(line):
            removed, first, added = int(hunk[1] or 1), int(hunk[2]), int(hunk[3] or 1)
            lines.setdefault(path, set()).update(range(first, first + added))
            # What was removed and added is not read as anything else.
            deque(islice(told, removed + added), maxlen=0)
    return Change({p: frozenset(numbers) for p, numbers in lines.items()}, renamed)


def _run(root: Path, *arguments: str) -> list[str]:
    return [os.fsdecode(part) for part in _output(root, *arguments).split(b"\0") if part]


def _output(root: Path, *arguments: str, given: bytes = b"", missing: bytes | None = None) -> bytes:
    """What git says; `missing` where it finds nothing."""
    done = subprocess.run(
        ["git", "-c", "core.quotePath=off", *arguments], cwd=root, capture_output=True, check=False, input=given
    )
    if done.returncode == 1 and missing is not None:
        return missing
    if done.returncode:
        message = os.fsdecode(done.stderr).strip().splitlines() or [f"exit code {done.returncode}"]
        raise Failure(f"git {arguments[0]}: {message[0]}")
    return done.stdout
