"""Files that list findings. One is known by its rule, file, function and code, not by its line.

Such a file has one entry a line, so that a version control system shows which went.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeAlias

from ..checks.finding import Finding
from .errors import Failure

Key: TypeAlias = tuple[str, str, str, str]
FIELDS = ("code", "path", "function", "source")
VERSION = 1


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
