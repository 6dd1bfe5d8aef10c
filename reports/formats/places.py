"""Where findings stand, as readers count; and what they are known by while the code around them moves."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from functools import cache
from hashlib import sha256
from pathlib import Path

from ...checks.finding import Finding


class Lines:
    """The source lines below a folder."""

    def __init__(self, base: Path) -> None:
        self._base = base
        self._content = cache(self._read)

    def _read(self, path: str) -> list[bytes]:
        file = self._base / path
        return file.read_bytes().splitlines() if file.is_file() else []

    def line(self, path: str, number: int) -> bytes:
        """A line (from 1); nothing where the file has none."""
        content = self._content(path)
        return content[number - 1] if number <= len(content) else b""

    def column(self, path: str, number: int, column: int) -> int:
        """The character (from 1) at a column in bytes (from 0)."""
        return len(self.line(path, number)[:column].decode(errors="replace")) + 1


def fingerprints(findings: Iterable[Finding]) -> Iterator[str]:
    """A fingerprint for each finding; those of the same rule, function and code are numbered."""
    seen: Counter[tuple[str, ...]] = Counter()
    for finding in findings:
        yield sha256(repr((*finding.key, seen[finding.key])).encode()).hexdigest()
        seen[finding.key] += 1
