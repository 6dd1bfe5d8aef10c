"""Edits of a file's bytes: what a codemod asks for, and how many codemods' wishes become one new text.

Every byte outside an edit stays as it is. A `Replace` owns its bytes alone; a `Wrap` puts text around a span whose
inside other edits may still change. That is what lets `await` insertion and a query rewrite meet in one expression.
"""

from __future__ import annotations

import re
from bisect import bisect_left
from collections.abc import Iterable
from dataclasses import dataclass, replace
from itertools import pairwise
from keyword import iskeyword


class Conflict(Exception):
    """Two edits claim the same bytes."""


@dataclass(frozen=True, slots=True)
class Replace:
    """The bytes from `start` up to `end` become `text`; `start == end` inserts.

    `moves`: do the further lines of the text move in with the line that it is put on?
    """

    start: int
    end: int
    text: str
    moves: bool = True


@dataclass(frozen=True, slots=True)
class Wrap:
    """`before` is put in front of `start`, `after` behind `end`; of two with one span the higher `rank` is outside.

    The span holds at least one byte; an insertion is a `Replace`.
    """

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


@dataclass(frozen=True, slots=True)
class Indent:
    """`text` goes in front of what stands at `start`; every statement (by its offset) may move one line in."""

    start: int
    text: str
    statement: int


@dataclass(frozen=True, slots=True)
class Outdent:
    """`width` bytes of white space at `start`, the beginning of a line, go; every statement may move one line out."""

    start: int
    width: int
    statement: int


@dataclass(frozen=True, slots=True)
class Move:
    """Whole lines, with the edits in them made, go to `to`, with `before` and `after` around them.

    What moves to one place comes in the order in which it stood.
    """

    start: int
    end: int
    to: int
    before: str = ""
    after: str = ""


# Offset, order and rank at that offset, text, and the offset behind what the text stands for.
_Event = tuple[int, int, int, str, int]
_BRACKETS = (b"(", b"[", b"{")
_LAST_WORD = re.compile(rb"\w+\Z", re.ASCII)
_Shiftable = Replace | Wrap | Indent | Outdent
Edit = Replace | Wrap | Indent | Outdent | Move | Import


def apply(content: bytes, edits: Iterable[Edit]) -> bytes:
    """The new bytes of a file; `Import` edits are not for this function and are passed over.

    Line ends and indentation in the texts become those of the file.

    Raises:
        Conflict: two `Replace` edits overlap, a `Wrap` begins or ends inside a `Replace`, or two wraps cross.
    """
    return _applied(content, set(edits), content.partition(b"\n")[0].endswith(b"\r"), _has_tabs(content))


def _applied(content: bytes, wanted: set[Edit], is_crlf: bool, has_tabs: bool) -> bytes:
    wanted = _with_moves(content, wanted, is_crlf, has_tabs)
    replaces = sorted((e for e in wanted if isinstance(e, Replace)), key=lambda e: (e.start, e.end))
    outer_first = sorted(
        (e for e in wanted if isinstance(e, Wrap)),
        key=lambda e: (e.start, -e.end, -e.rank, e.before, e.after),
    )
    _refuse_overlaps(replaces)
    _refuse_cut_wraps(replaces, outer_first)
    _refuse_crossings(outer_first)
    # At one offset: first the ends of what is wrapped before it (inner first), then indentation, then what is inserted
    # there (whole lines first), then the beginnings of what is wrapped behind it (outer first), then what is replaced.
    events: list[_Event] = []
    for depth, wrap in enumerate(outer_first):
        events.append((wrap.end, 0, -depth, wrap.after, wrap.end))
        events.append((wrap.start, 2, depth, wrap.before, wrap.start))
    still: list[_Event] = []
    for each in replaces:
        order = (1, 1 - _is_lines(each)) if each.start == each.end else (3, 0)
        (events if each.moves else still).append((each.start, *order, each.text, each.end))
    # A line that begins inside of what is replaced moves with the text that replaces it.
    indents = [e for e in wanted if isinstance(e, Indent) and not any(_holds(r, e.start) for r in replaces)]
    widths = _widths(wanted, replaces)
    events = [*_moved_out(content, _moved_in(content, events, indents), widths), *still]
    events.extend((i.start, 1, -1, i.text, i.start) for i in indents)
    events.extend((start, 3, 0, "", start + width) for start, width in widths.items())
    out: list[bytes] = []
    position = 0
    for start, _, _, text, end in sorted(events):
        out.append(content[position:start])
        if position < start and _would_join(content, start, text):
            out.append(b" ")
        out.append(_with_line_ends(_with_tabs(text) if has_tabs else text, is_crlf).encode())
        position = end
    out.append(content[position:])
    return b"".join(out)


def _would_join(content: bytes, start: int, text: str) -> bool:
    """Would a text that begins with a word make one word of it with the keyword before a bracket, as in `return(x)`?"""
    found = _LAST_WORD.search(content, max(start - 8, 0), start)
    is_bracket = content[start : start + 1] in _BRACKETS
    return is_bracket and found is not None and iskeyword(found[0].decode()) and (text[:1].isalnum() or text[:1] == "_")


def _with_moves(content: bytes, wanted: set[Edit], is_crlf: bool, has_tabs: bool) -> set[Edit]:
    """The edits of a file in which what moves is taken out of one place and put into the other."""
    texts: dict[int, str] = {}
    for move in sorted((e for e in wanted if isinstance(e, Move)), key=lambda e: e.start):
        inside = {e for e in wanted if isinstance(e, _Shiftable) and _is_inside(move, e)}
        shifted: set[Edit] = {_shifted(e, -move.start) for e in inside}
        text = _applied(content[move.start : move.end], shifted, is_crlf, has_tabs).decode()
        texts[move.to] = texts.get(move.to, "") + move.before + text + move.after
        wanted = (wanted - inside - {move}) | {Replace(move.start, move.end, "")}
    return wanted | {Replace(to, to, text) for to, text in texts.items()}


def _is_inside(move: Move, edit: _Shiftable) -> bool:
    end = edit.end if isinstance(edit, Replace | Wrap) else edit.start
    return move.start <= edit.start < move.end and end <= move.end


def _shifted(edit: _Shiftable, by: int) -> _Shiftable:
    if isinstance(edit, Replace | Wrap):
        return replace(edit, start=edit.start + by, end=edit.end + by)
    return replace(edit, start=edit.start + by)


def _holds(edit: Replace, offset: int) -> bool:
    """Is the offset inside of what is replaced, or at the beginning of what is taken out?"""
    return edit.start < offset < edit.end or (not edit.text and edit.start == offset < edit.end)


def _widths(wanted: set[Edit], replaces: list[Replace]) -> dict[int, int]:
    """How much white space goes at the beginnings of lines."""
    widths: dict[int, int] = {}
    for edit in wanted:
        if isinstance(edit, Outdent):
            widths[edit.start] = widths.get(edit.start, 0) + edit.width
    return {o: w for o, w in widths.items() if not any(r.start < o + w and o < r.end for r in replaces)}


def _is_lines(edit: Replace) -> bool:
    """Are these whole lines, put in front of what stands there?"""
    return edit.start == edit.end and edit.text.endswith("\n")


def _moved_in(content: bytes, events: list[_Event], indents: list[Indent]) -> list[_Event]:
    """The events on lines that move in: the further lines of their texts move too."""
    if not indents:
        return events
    margins: dict[int, tuple[int, str]] = {}
    for indent in indents:
        line = content.rfind(b"\n", 0, indent.start) + 1
        margins[line] = indent.start, margins.get(line, (0, ""))[1] + indent.text
    moved = []
    for start, order, rank, text, end in events:
        begins, margin = margins.get(content.rfind(b"\n", 0, start) + 1, (start, ""))
        if start >= begins:
            # Behind whole lines that are put in front of the line it moves in too.
            is_above = start == begins == end and text.endswith("\n")
            text = re.sub(r"\n(?=[^\n])", f"\n{margin}", text) + (margin if is_above else "")
        moved.append((start, order, rank, text, end))
    return moved


def _moved_out(content: bytes, events: list[_Event], widths: dict[int, int]) -> list[_Event]:
    """The events on lines that move out: the further lines of their texts move too."""
    moved = []
    for start, order, rank, text, end in events:
        width = widths.get(content.rfind(b"\n", 0, start) + 1, 0)
        moved.append((start, order, rank, re.sub(rf"\n[ \t]{{{width}}}", "\n", text) if width else text, end))
    return moved


def _refuse_overlaps(replaces: list[Replace]) -> None:
    for first, second in pairwise(replaces):
        is_same = (first.start, first.end) == (second.start, second.end)
        if second.start < first.end or (is_same and not (_is_lines(first) or _is_lines(second))):
            raise Conflict(f"bytes {second.start} to {second.end} are claimed twice")


def _refuse_cut_wraps(replaces: list[Replace], wraps: list[Wrap]) -> None:
    starts = [r.start for r in replaces]
    for border in {border for wrap in wraps for border in (wrap.start, wrap.end)}:
        index = bisect_left(starts, border) - 1
        if index >= 0 and border < replaces[index].end:
            raise Conflict(f"bytes {replaces[index].start} to {replaces[index].end} are replaced and wrapped at once")


def _refuse_crossings(outer_first: list[Wrap]) -> None:
    around: list[Wrap] = []
    for wrap in outer_first:
        while around and around[-1].end <= wrap.start:
            around.pop()
        if around and around[-1].end < wrap.end:
            raise Conflict(f"bytes {wrap.start} to {wrap.end} are wrapped across the end of another wrap")
        around.append(wrap)


def _has_tabs(content: bytes) -> bool:
    """Is a file indented with tabs?"""
    return content.count(b"\n\t") > content.count(b"\n ")


def _with_tabs(text: str) -> str:
    """The text with a tab for each level of indentation; white space inside of a string stays."""
    if '"""' in text or "'''" in text:
        return text
    return re.sub(r"(?m)^(\t*)((?: {4})+)", lambda found: found[1] + "\t" * (len(found[2]) // 4), text)


def _with_line_ends(text: str, is_crlf: bool) -> str:
    return text.replace("\r\n", "\n").replace("\n", "\r\n") if is_crlf else text
