"""Where the joints of a query chain stand in the text: dots, names, brackets."""

from __future__ import annotations

import ast
from collections.abc import Iterable

from ..analysis.queries import Chain, Link
from ..analysis.source import Source
from .edit import Edit, Replace

GAP = b" \t\r\n\\\f"


class Declined(Exception):
    """A query that has no 2.0 form of the same meaning, or none that is understood; the message names the trap."""


def name_span(link: Link, source: Source) -> tuple[int, int]:
    """The method's name."""
    end = source.span(link.attribute)[1]
    return end - len(link.name.encode()), end


def dot(link: Link, source: Source) -> int:
    """The dot before the method's name."""
    return source.content.rindex(b".", source.span(link.receiver)[1], name_span(link, source)[0])


def open_bracket(call: ast.Call, source: Source) -> int:
    """The bracket that opens a call's arguments."""
    return source.content.index(b"(", source.span(call.func)[1])


def close_bracket(call: ast.Call, source: Source) -> int:
    """The bracket that closes a call's arguments."""
    return source.span(call)[1] - 1


def renamed(link: Link, source: Source, name: str) -> Replace:
    """Another method's name."""
    return Replace(*name_span(link, source), name)


def dropped(link: Link, source: Source) -> Replace:
    """The method leaves the chain, with the line it stands on; comments before it stay."""
    start, end = dot(link, source), source.span(link.node)[1]
    gap = source.content[:start]
    before = len(gap.rstrip(GAP))
    return Replace(before if not has_comment(source, source.span(link.receiver)[1], start) else start, end, "")


def rewritten(link: Link, source: Source, text: str) -> Replace:
    """The method and its arguments become `text`."""
    return Replace(name_span(link, source)[0], source.span(link.node)[1], text)


def has_comment(source: Source, start: int, end: int) -> bool:
    """Is there a comment between two links?"""
    return b"#" in source.content[start:end]


def brackets_around(node: ast.expr, source: Source) -> tuple[int, int] | None:
    """The innermost pair of grouping brackets right around an expression."""
    content = source.content
    start, end = source.span(node)
    opening = _before(content, start, source)
    closing = _behind(content, end)
    if content[opening : opening + 1] != b"(" or content[closing : closing + 1] != b")":
        return None
    match source.parents.get(node):
        case ast.Call(args=[only], keywords=[]) as call if only is node and open_bracket(call, source) == opening:
            return None
        case ast.ClassDef():
            return None
    return opening, closing


def _before(content: bytes, position: int, source: Source) -> int:
    """The last byte before `position` that is neither white space nor in a comment."""
    while True:
        position = len(content[:position].rstrip(GAP))
        line_start = content.rfind(b"\n", 0, position) + 1
        line = content[line_start:position]
        if line.lstrip().startswith(b"#"):
            position = line_start
            continue
        comment = line.find(b"#")
        if comment > 0 and line[:comment].rstrip().endswith(b"("):
            position = line_start + comment
            continue
        return position - 1


def _behind(content: bytes, position: int) -> int:
    """The first byte behind that is neither white space nor in a comment."""
    while position < len(content):
        if content[position : position + 1] in (b" ", b"\t", b"\r", b"\n", b"\\", b"\f"):
            position += 1
        elif content[position : position + 1] == b"#":
            end = content.find(b"\n", position)
            position = len(content) if end < 0 else end
        else:
            break
    return position


def is_faithful(chain: Chain) -> bool:
    """Does the text at the chain's place say the same? Positions inside f-strings are not exact before Python 3.12."""
    try:
        parsed = ast.parse(f"({chain.source.text(chain.node)})", mode="eval").body
    except (SyntaxError, UnicodeDecodeError, IndexError):
        return False
    return ast.dump(parsed) == ast.dump(chain.node)


def replaced_spans(edits: Iterable[Edit]) -> list[tuple[int, int]]:
    """What the edits take away."""
    return [(e.start, e.end) for e in edits if isinstance(e, Replace) and e.end > e.start]
