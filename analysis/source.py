"""One source file: its bytes, its syntax tree, and the way from tree nodes to byte offsets."""

from __future__ import annotations

import ast
import codecs
import re
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from functools import cached_property
from pathlib import Path

from .newer_syntax import hint, parse_newer

BOM = b"\xef\xbb\xbf"
_ENCODING = re.compile(rb"[ \t\f]*#.*?coding[:=][ \t]*([-\w.]+)")
_BLANK = re.compile(rb"[ \t\f]*(?:#.*)?\r?$")


class BrokenInput(Exception):
    """Input that cannot be worked on; the message is one line and names file and line."""


@dataclass(frozen=True, order=True, slots=True)
class Site:
    """A place in a file: path relative to the project, first and last line (from 1) and column (from 0, in bytes)."""

    path: str
    line: int
    column: int
    end_line: int
    end_column: int

    def __str__(self) -> str:
        return f"{self.path}:{self.line}"


@dataclass(eq=False)
class Source:
    """A parsed file of the project.

    `path` is relative to the project's root, with forward slashes. `content` is the file to the byte. Offsets are byte
    offsets into `content`. `is_newer`: its syntax is newer than the interpreter that runs. `line_length` is that of the
    project's formatter, 0 where none is configured.
    """

    path: str
    content: bytes
    tree: ast.Module = field(repr=False)
    is_newer: bool = False
    line_length: int = 0

    @classmethod
    def parse(cls, path: str, content: bytes) -> Source:
        """Parse a file's bytes.

        Raises:
            BrokenInput: the bytes are not UTF-8, or not Python that this interpreter understands.
        """
        text = _decoded(path, content)
        try:
            tree = ast.parse(text, filename=path)
        except (SyntaxError, ValueError) as error:
            newer = parse_newer(text)
            if newer is None:
                # Some releases of 3.11 raise a ValueError for a null byte.
                line, message = getattr(error, "lineno", None) or 1, getattr(error, "msg", str(error))
                raise BrokenInput(f"{path}:{line}: syntax error: {message}{hint(text, line, message)}") from None
            return cls(path, content, newer, is_newer=True)
        return cls(path, content, tree)

    def changed(self, content: bytes) -> Source:
        """The file with another content.

        Raises:
            BrokenInput: it can't be parsed.
        """
        return replace(Source.parse(self.path, content), line_length=self.line_length)

    def compile(self) -> None:
        """Compile the file, which finds what parsing alone does not: an `await` outside of an async function.

        Raises:
            BrokenInput: the file can't be compiled.
        """
        try:
            compile(self.tree if self.is_newer else self.content, self.path, "exec", dont_inherit=True)
        except SyntaxError as error:
            raise BrokenInput(f"{self.path}:{error.lineno or 1}: syntax error: {error.msg}") from None

    @classmethod
    def read(cls, root: Path, path: str) -> Source:
        """Read and parse `root / path`; raises BrokenInput as `parse` does."""
        return cls.parse(path, (root / path).read_bytes())

    @cached_property
    def _line_starts(self) -> list[int]:
        starts = [len(BOM) if self.content.startswith(BOM) else 0]
        content = self.content
        position = starts[0]
        while True:
            ends = [i for i in (content.find(b"\n", position), content.find(b"\r", position)) if i >= 0]
            if not ends:
                return starts
            end = min(ends)
            position = end + (2 if content[end : end + 2] == b"\r\n" else 1)
            starts.append(position)

    def offset(self, line: int, column: int) -> int:
        """The byte offset of a line (from 1) and a column (from 0, bytes)."""
        return self._line_starts[line - 1] + column

    def position(self, offset: int) -> tuple[int, int]:
        """Line (from 1) and column (from 0, bytes) of a byte offset."""
        from bisect import bisect_right

        line = bisect_right(self._line_starts, offset)
        return line, offset - self._line_starts[line - 1]

    def span(
        self, node: ast.expr | ast.stmt | ast.arg | ast.alias | ast.keyword | ast.excepthandler
    ) -> tuple[int, int]:
        """First byte of a node and the byte after its last, without the parentheses around it."""
        assert node.end_lineno is not None
        assert node.end_col_offset is not None
        return self.offset(node.lineno, node.col_offset), self.offset(node.end_lineno, node.end_col_offset)

    def text(self, node: ast.expr | ast.stmt | ast.arg | ast.alias | ast.keyword) -> str:
        """A node's source text."""
        start, end = self.span(node)
        return self.content[start:end].decode()

    def site(self, node: ast.expr | ast.stmt | ast.arg | ast.alias | ast.keyword | ast.excepthandler) -> Site:
        """A node's place."""
        assert node.end_lineno is not None
        assert node.end_col_offset is not None
        return Site(self.path, node.lineno, node.col_offset, node.end_lineno, node.end_col_offset)

    @cached_property
    def newline(self) -> str:
        """The file's line end, that of its first line."""
        first = self.content.split(b"\n", 1)[0]
        return "\r\n" if first.endswith(b"\r") else "\n"

    @cached_property
    def nodes(self) -> list[ast.AST]:
        """All nodes of the tree, in the order of `ast.walk`; operators and contexts are none."""
        found: list[ast.AST] = [self.tree]
        for node in found:
            found.extend(children(node))
        return found

    @cached_property
    def parents(self) -> dict[ast.AST, ast.AST]:
        """Each node's parent."""
        return {child: node for node in self.nodes for child in children(node)}

    def statement(self, node: ast.AST) -> ast.stmt:
        """The statement in which a node stands."""
        while not isinstance(node, ast.stmt):
            node = self.parents[node]
        return node

    def indentation(self, node: ast.stmt) -> str:
        """The white space before a statement."""
        start = self.offset(node.lineno, 0)
        return self.content[start : start + node.col_offset].decode()


def _decoded(path: str, content: bytes) -> str:
    """A file's text: UTF-8, which is what edits count their bytes in."""
    content = content.removeprefix(BOM)
    declared = _declared_encoding(path, content)
    try:
        return content.decode()
    except UnicodeDecodeError as error:
        line = content[: error.start].count(b"\n") + 1
        place, byte = f"{path}:{line}", f"byte 0x{content[error.start]:02x}"
        if not declared:
            raise BrokenInput(f"{place}: not UTF-8 ({byte})") from None
        way_out = f'save it as UTF-8, or leave it out: exclude = ["{path}"] in [tool.asyncshift]'
        raise BrokenInput(
            f"{place}: legal Python, but declared {declared} ({byte}), and only UTF-8 is rewritten; {way_out}"
        ) from None


def _declared_encoding(path: str, content: bytes) -> str:
    """The encoding that a comment on the first two lines declares (PEP 263); "" for none and for UTF-8.

    Raises:
        BrokenInput: Python does not know it.
    """
    for number, line in enumerate(content.split(b"\n", 2)[:2], 1):
        if comment := _ENCODING.match(line):
            declared = comment[1].decode()
            try:
                is_utf8 = codecs.lookup(declared).name.startswith("utf-8")
            except LookupError:
                raise BrokenInput(f"{path}:{number}: unknown encoding: {declared}") from None
            return "" if is_utf8 else declared
        if not _BLANK.match(line):
            break
    return ""


# Fields that hold no nodes, or such as the parser shares between all places where they stand.
_OTHER_FIELDS = frozenset({"ctx", "op", "ops", "id", "attr", "level", "kind", "type_comment", "conversion"})


def branches(node: ast.expr) -> Iterator[ast.expr]:
    """The expressions that a value is one of: both sides of a condition, the parts of `a or b`."""
    match node:
        case ast.IfExp(body=body, orelse=orelse):
            yield from branches(body)
            yield from branches(orelse)
        case ast.BoolOp(values=values):
            for value in values:
                yield from branches(value)
        case _:
            yield node


def children(node: ast.AST) -> list[ast.AST]:
    """The nodes directly below a node, as they stand in the source; operators and contexts are none."""
    found: list[ast.AST] = []
    for name in node._fields:
        if name in _OTHER_FIELDS:
            continue
        value = getattr(node, name, None)
        if isinstance(value, ast.AST):
            found.append(value)
        elif isinstance(value, list):
            found.extend(item for item in value if isinstance(item, ast.AST))
    return found
