"""Where the lines of a file stand after it has been changed."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Mapping, Sequence
from dataclasses import replace
from difflib import SequenceMatcher
from functools import cached_property

from .source import Site

Opcodes = Sequence[tuple[str, int, int, int, int]]


def of_files(before: Mapping[str, bytes | None], after: Mapping[str, bytes | None]) -> dict[str, Moved]:
    """The files that are there on both sides and differ."""
    both = ((path, before[path], after[path]) for path in before.keys() & after.keys())
    return {path: Moved(was, now) for path, was, now in both if was is not None and now is not None and was != now}


class Moved:
    """Two contents of one file, None where there is none."""

    def __init__(self, before: bytes | None, after: bytes | None) -> None:
        self._before, self._after = ((content or b"").splitlines() for content in (before, after))

    @cached_property
    def opcodes(self) -> Opcodes:
        """Runs of lines that are equal, inserted, deleted or replaced, as `difflib` tells them."""
        return SequenceMatcher(None, self._before, self._after, autojunk=False).get_opcodes()

    def place(self, site: Site) -> Site:
        """Where a place is now; what is told of it is its lines."""
        first = self.now(site.line)
        return replace(site, line=first, end_line=max(first, self.now(site.end_line)))

    def now(self, line: int) -> int:
        """The line that a line has become; in a run that reads otherwise now the one most like it."""
        if not self.opcodes:
            return line
        index = bisect_right([first for _, first, _, _, _ in self.opcodes], line - 1) - 1
        tag, first, last, begin, end = self.opcodes[index]
        if tag == "equal":
            return begin + line - first
        if first == last or begin == end:
            return min(begin + 1, max(len(self._after), 1))
        return self._most_like(line - 1, range(begin, end)) + 1

    def _most_like(self, line: int, candidates: Sequence[int]) -> int:
        compared = SequenceMatcher(None, b"", self._before[line].strip(), autojunk=False)

        def likeness(number: int) -> float:
            compared.set_seq1(self._after[number].strip())
            return compared.ratio()

        return max(candidates, key=likeness)
