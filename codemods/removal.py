"""Taking statements out of a file, and putting a block's statements in the place of the statement around them."""

from __future__ import annotations

import ast
import re
from collections.abc import Collection, Iterator, Sequence

from ..analysis.source import Source
from .blocks import block_of, stands_alone
from .edit import Edit, Outdent, Replace
from .indenting import continued_lines

Definition = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)
_BANNER = re.compile(rb"#\W*$|#.*[=\-#*~_]{4,}")


def first_line(source: Source, statement: ast.stmt) -> int:
    """A statement's first line: its decorators and the comment right above it belong to it."""
    line = above = _line_of(statement)
    while _is_comment(source, above - 1, statement.col_offset):
        above -= 1
    is_banner = any(_BANNER.match(_text(source, n).strip()) for n in range(above, line))
    return line if is_banner else above


def span_of(source: Source, statement: ast.stmt) -> tuple[int, int]:
    """The bytes from a statement's first line to its end; of a shared line only its own."""
    if not stands_alone(source, statement):
        return source.span(statement)
    return source.offset(first_line(source, statement), 0), source.span(statement)[1]


def without(source: Source, statement: ast.stmt) -> Iterator[Edit]:
    """The edits that take one statement out; `pass` stands where its block would be empty."""
    yield from without_all(source, [statement])


def without_all(source: Source, statements: Collection[ast.stmt]) -> Iterator[Edit]:
    """The edits that take statements out; a block that loses all of them keeps a `pass`."""
    for group in _neighbours(source, statements):
        block = block_of(source, group[0])
        is_empty = len(group) == len(block) and not isinstance(source.parents[group[0]], ast.Module)
        if is_elif(source, group[0]):
            yield from _without_clause(source, group[0], [])
        elif is_empty:
            yield Replace(source.span(group[0])[0], source.span(group[-1])[1], "pass")
        elif all(stands_alone(source, s) for s in group):
            yield lines_removed(source, first_line(source, group[0]), _last_line(group[-1]), group[0] is block[0])
        else:
            yield from (Replace(*source.span(s), "pass") for s in group)


def _neighbours(source: Source, statements: Collection[ast.stmt]) -> Iterator[list[ast.stmt]]:
    """The statements in groups that follow one another in a block."""
    for statement in statements:
        block = block_of(source, statement)
        index = block.index(statement)
        if index == 0 or block[index - 1] not in statements:
            end = next((n for n in range(index, len(block)) if block[n] not in statements), len(block))
            yield block[index:end]


def lines_removed(source: Source, first: int, last: int, is_first: bool) -> Replace:
    """Take out whole lines; of the blank lines above and below only the larger number stays, at a file's end none."""
    above, below = first - 1, last + 1
    while above > 0 and _is_blank(source, above):
        above -= 1
    while below <= _line_count(source) and _is_blank(source, below):
        below += 1
    if below > _line_count(source) or (below == _line_count(source) and not _text(source, below)):
        return Replace(source.offset(above + 1, 0), len(source.content), "")
    kept_above, blank_below = first - 1 - above, below - last - 1
    dropped = blank_below if is_first and not kept_above else min(kept_above, blank_below)
    return Replace(source.offset(first, 0), _line_start(source, last + 1 + dropped), "")


def in_place_of(source: Source, statement: ast.stmt, kept: Sequence[ast.stmt]) -> Iterator[Edit]:
    """The edits that leave, of a compound statement, some neighbouring statements of one of its blocks in its place."""
    if not kept:
        yield from without_all(source, [statement])
        return
    if is_elif(source, statement):
        yield from _without_clause(source, statement, kept)
        return
    first, last = source.offset(statement.lineno, 0), _last_line(kept[-1])
    begin = _first_of_block(source, kept[0])
    if is_elif(source, kept[0]):
        yield Replace(source.offset(begin, kept[0].col_offset), source.offset(begin, kept[0].col_offset + 2), "")
    yield Replace(first, source.offset(begin, 0), "")
    yield from _lines_gone(source, last + 1, _last_line(statement))
    width = kept[0].col_offset - statement.col_offset
    inside_strings = continued_lines(source)
    for line in range(begin, last + 1):
        if width and line not in inside_strings and _text(source, line).strip():
            yield Outdent(source.offset(line, 0), width, first)


def is_elif(source: Source, statement: ast.stmt) -> bool:
    """Is this an `if` that is written as the `elif` of another?"""
    return source.content.startswith(b"elif", source.span(statement)[0])


def _without_clause(source: Source, statement: ast.stmt, kept: Sequence[ast.stmt]) -> Iterator[Edit]:
    """Take the test of an `elif` out: of its branches the one stays that is kept, the other goes."""
    assert isinstance(statement, ast.If)
    if not kept:
        yield from _lines_gone(source, statement.lineno, _last_line(statement))
    elif kept[0] in statement.body:
        yield Replace(source.span(statement)[0], source.span(statement.test)[1], "else")
        yield from _lines_gone(source, _last_line(statement.body[-1]) + 1, _last_line(statement))
    else:
        clause = statement.orelse[0].lineno
        while not _text(source, clause).lstrip().startswith((b"elif", b"else")):
            clause -= 1
        yield from _lines_gone(source, statement.lineno, clause - 1)


def _lines_gone(source: Source, first: int, last: int) -> Iterator[Edit]:
    if first <= last:
        yield Replace(source.offset(first, 0), _line_start(source, last + 1), "")


def _last_line(statement: ast.stmt) -> int:
    return statement.end_lineno or statement.lineno


def _first_of_block(source: Source, statement: ast.stmt) -> int:
    """The line of a statement, or of the comments above it in its block."""
    line = _line_of(statement)
    while _is_comment(source, line - 1, statement.col_offset):
        line -= 1
    return line


def _line_of(statement: ast.stmt) -> int:
    """A statement's line, or that of its first decorator."""
    decorators = statement.decorator_list if isinstance(statement, Definition) else []
    return min([statement.lineno, *(d.lineno for d in decorators)])


def _is_comment(source: Source, line: int, column: int) -> bool:
    text = _text(source, line) if line >= 1 else b""
    return text.lstrip().startswith(b"#") and len(text) - len(text.lstrip()) == column


def _text(source: Source, line: int) -> bytes:
    return source.content[source.offset(line, 0) : _line_start(source, line + 1)]


def _rest(source: Source, offset: int) -> bytes:
    return source.content[offset : _line_start(source, source.position(offset)[0] + 1)]


def _line_start(source: Source, line: int) -> int:
    return source.offset(line, 0) if line <= _line_count(source) else len(source.content)


def _line_count(source: Source) -> int:
    return source.position(len(source.content))[0]


def _is_blank(source: Source, line: int) -> bool:
    return 1 <= line <= _line_count(source) and not _text(source, line).strip()
