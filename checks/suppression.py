"""Comments that accept a finding: `# asyncshift: ignore[AS201] the reason`.

A comment holds for the statement that it stands in, or, on a line of its own, for the one below. Several codes are
separated by commas.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from dataclasses import dataclass

from ..analysis.program import Program
from ..analysis.source import Source
from .finding import DEFINITIONS, Finding

WORD = b"asyncshift:"
COMMENT = re.compile(rb"#[ \t]*asyncshift:[ \t]*ignore\b[ \t]*(?:\[([^\]\r\n]*)\])?[ \t:-]*([^#\r\n]*)")


@dataclass(frozen=True, slots=True)
class Suppression:
    """One comment. `lines` are those that it holds for."""

    path: str
    line: int
    column: int
    end_column: int
    codes: tuple[str, ...]
    reason: str
    lines: range

    def holds_for(self, finding: Finding) -> bool:
        """Does the comment accept a finding?"""
        return finding.path == self.path and finding.code in self.codes and finding.line in self.lines

    def complaint(self, code: str, message: str) -> Finding:
        """A finding at the comment itself."""
        return Finding(self.path, self.line, self.column, self.line, self.end_column, code, message, source=message)


def suppressions(program: Program) -> Iterator[Suppression]:
    """All such comments of a program."""
    for source in program.sources.values():
        if WORD in source.content:
            yield from _of_file(source)


def _of_file(source: Source) -> Iterator[Suppression]:
    texts = [source.span(n) for n in source.nodes if isinstance(n, ast.JoinedStr | ast.Constant)]
    statements = [n for n in source.nodes if isinstance(n, ast.stmt)]
    for match in COMMENT.finditer(source.content):
        if any(start < match.start() < end for start, end in texts):
            continue
        line, column = source.position(match.start())
        codes, reason = ((part or b"").decode().strip() for part in match.groups())
        yield Suppression(
            source.path,
            line,
            column,
            column + len(match[0].rstrip()),
            tuple(code.strip() for code in codes.split(",") if code.strip()),
            reason,
            _lines(source, statements, line, column),
        )


def _lines(source: Source, statements: list[ast.stmt], line: int, column: int) -> range:
    """The lines of the statement around a comment, or of the one below; of a compound one those of its heading."""
    headings = [range(_first_line(s), _last_line(source, s) + 1) for s in statements]
    is_alone = not source.content[source.offset(line, 0) : source.offset(line, column)].strip()
    around = [heading for heading in headings if line in heading]
    if not around and is_alone:
        below = min((heading.start for heading in headings if heading.start > line), default=line)
        around = [heading for heading in headings if below == heading.start]
    return min(around, key=len, default=range(line, line + 1))


def _first_line(statement: ast.stmt) -> int:
    decorators = statement.decorator_list if isinstance(statement, DEFINITIONS) else []
    return min((statement.lineno, *(decorator.lineno for decorator in decorators)))


def _last_line(source: Source, statement: ast.stmt) -> int:
    """The last line of a statement, or of a compound one's heading."""
    inner = [line for child in ast.iter_child_nodes(statement) if (line := _line_inside(child))]
    if not inner:
        return statement.end_lineno or statement.lineno
    # A colon may stand on a line of its own.
    between = range(statement.lineno + 1, min(inner))
    return max((statement.lineno, *(number for number in between if _is_code(source, number))))


def _line_inside(child: ast.AST) -> int | None:
    """Where a part of a compound statement's body begins; None for what belongs to its heading."""
    match child:
        case ast.stmt():
            return _first_line(child)
        case ast.excepthandler():
            return child.lineno
        case ast.match_case(pattern=pattern):
            return pattern.lineno
    return None


def _is_code(source: Source, line: int) -> bool:
    """Is there more on a line than a comment?"""
    text = source.content[source.offset(line, 0) : source.offset(line + 1, 0)].strip()
    return bool(text) and not text.startswith(b"#")
