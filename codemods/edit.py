"""Edits of a file's bytes: what a codemod asks for, and how many codemods' wishes become one new text.

Every byte outside an edit stays as it is. A `Replace` owns its bytes alone; a `Wrap` puts text around a span whose
inside other edits may still change. That is what lets `await` insertion and a query rewrite meet in one expression.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass


class Conflict(Exception):
    """Two edits claim the same bytes."""


@dataclass(frozen=True, slots=True)
class Replace:
    """The bytes from `start` up to `end` become `text`; `start == end` inserts."""

    start: int
    end: int
    text: str


@dataclass(frozen=True, slots=True)
class Wrap:
    """`before` is put in front of `start`, `after` behind `end`; of two with the same span the higher `rank` is outside."""

    start: int
    end: int
    before: str
    after: str
    rank: int = 0


@dataclass(frozen=True, slots=True)
class Import:
    """The file needs `from module import name` (or `import module` where name is None), unless it has it."""

    module: str
    name: str | None = None
    alias: str | None = None


Edit = Replace | Wrap | Import


def apply(content: bytes, edits: Iterable[Edit]) -> bytes:
    """The new bytes of a file; `Import` edits are not for this function and are passed over.

    Raises:
        Conflict: two `Replace` edits overlap, or a `Wrap` begins or ends inside a `Replace`.
    """
    wanted = set(edits)
    replaces = sorted((e for e in wanted if isinstance(e, Replace)), key=lambda e: (e.start, e.end))
    wraps = [e for e in wanted if isinstance(e, Wrap)]
    for first, second in zip(replaces, replaces[1:], strict=False):
        if second.start < first.end or (first.start == second.start and first.end == second.end):
            raise Conflict(f"bytes {second.start} to {second.end} are claimed twice")
    inside = [(r.start, r.end) for r in replaces if r.end - r.start > 1]
    for wrap in wraps:
        for start, end in inside:
            if start < wrap.start < end or start < wrap.end < end:
                raise Conflict(f"bytes {start} to {end} are replaced and wrapped at once")
    # At one offset: first the ends of what is wrapped before it (inner first), then what is inserted or replaced
    # there, then the beginnings of what is wrapped behind it (outer first).
    events: list[tuple[int, int, int, int, str, int]] = []
    for wrap in wraps:
        size = wrap.end - wrap.start
        if wrap.after:
            events.append((wrap.end, 0, size, wrap.rank, wrap.after, wrap.end))
        if wrap.before:
            events.append((wrap.start, 2, -size, -wrap.rank, wrap.before, wrap.start))
    for replace in replaces:
        order = 1 if replace.start == replace.end else 3
        events.append((replace.start, order, 0, 0, replace.text, replace.end))
    out: list[bytes] = []
    position = 0
    for start, _, _, _, text, end in sorted(events):
        if start > position:
            out.append(content[position:start])
            position = start
        out.append(text.encode())
        position = max(position, end)
    out.append(content[position:])
    return b"".join(out)
