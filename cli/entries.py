"""Files that list findings. One is known by its rule, file, function and code, not by its line.

Such a file has one entry a line, so that a version control system shows which went.
"""

from __future__ import annotations

import json
import os
from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeAlias

from ..checks.finding import Finding
from ..checks.rules import listed_finding_gone
from .errors import Failure

Key: TypeAlias = tuple[str, str, str, str]
FIELDS = ("code", "path", "function", "source")
VERSION = 1
FIRST_LINE = 2


@dataclass(frozen=True, slots=True)
class Entry:
    """How often a finding is listed, and why."""

    count: int
    reason: str = ""


def split(findings: Iterable[Finding], listed: Mapping[Key, int]) -> tuple[list[Finding], list[Finding]]:
    """What is new, and what is listed."""
    rest = Counter(listed)
    new: list[Finding] = []
    known: list[Finding] = []
    for finding in findings:
        (known if rest[finding.key] > 0 else new).append(finding)
        rest[finding.key] -= 1
    return new, known


def gone(
    listed: Mapping[Key, int], known: Iterable[Finding], looked_at: Collection[str], codes: Collection[str], root: Path
) -> Counter[Key]:
    """What is listed and not found any more, of the files `looked_at` and the rules `codes`."""
    left = Counter(listed) - Counter(finding.key for finding in known)
    return Counter(
        {
            key: count
            for key, count in left.items()
            if key[0] in codes and (key[1] in looked_at or not (root / key[1]).exists())
        }
    )


def told_gone(file: Path, listed: Iterable[Key], gone: Iterable[Key], root: Path, way_out: str) -> Iterator[Finding]:
    """The findings that a file lists what is not found any more."""
    place, lines = Path(os.path.relpath(file, root)).as_posix(), list(listed)
    for key in gone:
        yield listed_finding_gone.at(place, FIRST_LINE + lines.index(key), key, way_out)


def read(file: Path) -> dict[Key, Entry]:
    """What a file lists.

    Raises:
        Failure: the file is broken.
        OSError: it can't be read.
    """
    try:
        return dict(_entries(json.loads(file.read_bytes())))
    except json.JSONDecodeError as error:
        raise Failure(f"{file}:{error.lineno}: broken JSON: {error.msg}") from None
    except (KeyError, TypeError, ValueError):
        raise Failure(f"{file}: this is no list of findings of version {VERSION}") from None


def written(entries: Mapping[Key, Entry]) -> bytes:
    """The content of a file that lists these."""
    lines = [
        json.dumps(_as_json(key, entry), ensure_ascii=False)
        for key, entry in sorted(entries.items(), key=lambda item: (item[0][1], *item[0]))
    ]
    return (f'{{"version": {VERSION}, "findings": [\n' + ",\n".join(lines) + "\n]}\n").encode()


def _as_json(key: Key, entry: Entry) -> dict[str, Any]:
    reason = {"reason": entry.reason} if entry.reason else {}
    return {**dict(zip(FIELDS, key, strict=True)), "count": entry.count, **reason}


def _entries(content: Any) -> Iterator[tuple[Key, Entry]]:
    if content["version"] != VERSION:
        raise ValueError
    for entry in content["findings"]:
        code, path, function, source = (str(entry[field]) for field in FIELDS)
        yield (code, path, function, source), Entry(int(entry["count"]), str(entry.get("reason", "")))
