"""New text made of old pieces: expressions keep their bytes, so that other edits may still reach inside them."""

from __future__ import annotations

import ast
from collections.abc import Iterable, Iterator, Sequence

from ..analysis.source import Source
from .edit import Replace
from .indenting import INDENT

# Text to write, or an expression of the file that stands there unchanged.
Piece = str | ast.expr


def splice(source: Source, start: int, end: int, pieces: Iterable[Piece]) -> Iterator[Replace]:
    """The edits that turn a span of the file into the pieces.

    An expression keeps its bytes where the pieces stand in the order of the file; one that is moved is copied.
    """
    text = ""
    for piece in pieces:
        if isinstance(piece, str):
            text += piece
            continue
        first, last = source.span(piece)
        if first < start or last > end or isinstance(piece, ast.Name | ast.Constant):
            text += source.text(piece)
            continue
        yield Replace(start, first, text)
        start, text = last, ""
    yield Replace(start, end, text)


def length(source: Source, pieces: Iterable[Piece]) -> int:
    """How long the pieces are on one line; an expression that spans lines fits on none."""
    texts = [p if isinstance(p, str) else source.text(p) for p in pieces]
    return sum(map(len, texts)) if not any("\n" in t for t in texts) else 10_000


def call(
    source: Source, function: str, arguments: Sequence[Sequence[Piece]], indentation: str, room: int, width: int
) -> list[Piece]:
    """A call: on one line where it fits into `room`, else its arguments on a line below, else each on its own."""
    flat = joined(arguments, ", ")
    if length(source, [function, "()", *flat]) <= room or not arguments:
        return [function, "(", *flat, ")"]
    inner = indentation + INDENT
    if length(source, [inner, *flat]) <= width:
        return [function, f"(\n{inner}", *flat, f"\n{indentation})"]
    return [function, f"(\n{inner}", *joined(arguments, f",\n{inner}"), f",\n{indentation})"]


def joined(parts: Sequence[Sequence[Piece]], separator: str) -> list[Piece]:
    """The pieces of all parts, a separator between each two."""
    return [piece for n, part in enumerate(parts) for piece in ([separator] if n else []) + list(part)]
