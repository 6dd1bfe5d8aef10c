"""How the calls around a rewritten chain are laid out: on its line where it fits, else a level of indentation each."""

from __future__ import annotations

import ast
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from ..analysis.queries import Chain
from ..analysis.source import Source
from .edit import Edit, Indent, Replace, Wrap
from .query_text import brackets_around, dot, has_comment, replaced_spans

# An expression may have to be awaited itself before what it gives is executed.
OUTSIDE = 1


@dataclass(frozen=True, slots=True)
class Layer:
    """What stands around an expression: `open` ends with a bracket, `close` begins with it."""

    open: str
    close: str


@dataclass(slots=True)
class Ending:
    """The end of an executed chain: what stands around it, and the edits of its last method.

    `word` is what begins the statement instead of `session.query`, when that is not `select`.
    """

    layers: list[Layer] = field(default_factory=list)
    edits: list[Edit] = field(default_factory=list)
    word: str = ""
    streams: bool = False


@dataclass(slots=True)
class Layout:
    """Lays out the layers (outermost first) around one expression of a file.

    `joints` are the edits inside the expression, `taken` the spans that any edit of the file takes away.
    """

    source: Source
    node: ast.expr
    layers: Sequence[Layer]
    joints: Sequence[Edit]
    taken: Sequence[tuple[int, int]]
    width: int
    chain: Chain | None = None

    def edits(self, compact: bool) -> Iterator[Edit]:
        """The edits that put the layers around the expression; `compact`: on its own lines as they are."""
        if not self.layers:
            return
        if compact or self._inside_text():
            yield self._compact(self.layers)
            return
        brackets = brackets_around(self.node, self.source)
        if brackets and self._stands_alone(brackets):
            yield from self._in_brackets(brackets)
        elif self._last_line() > self.node.lineno:
            yield from self._indented()
        else:
            yield from self._one_line()

    # What is known of the text.

    def _inside_text(self) -> bool:
        node: ast.AST = self.node
        while isinstance(node, ast.expr | ast.FormattedValue | ast.comprehension | ast.keyword):
            if isinstance(node, ast.JoinedStr):
                return True
            node = self.source.parents[node]
        return False

    def _last_line(self) -> int:
        """The last line of the expression once the joints are rewritten."""
        end = self.source.span(self.node)[1]
        for start, stop in replaced_spans(self.joints):
            if stop == end and not self._text_of(start, stop):
                end = start
        return self.source.position(end)[0]

    def _text_of(self, start: int, end: int) -> str:
        return next(e.text for e in self.joints if isinstance(e, Replace) and (e.start, e.end) == (start, end))

    def _leading(self, line: int) -> str:
        start = self.source.offset(line, 0)
        content = self.source.content
        end = start
        while content[end : end + 1] in (b" ", b"\t"):
            end += 1
        return content[start:end].decode()

    def _stands_alone(self, brackets: tuple[int, int]) -> bool:
        """Do the brackets around the expression stand on lines of their own?"""
        opening, closing = (self.source.position(b)[0] for b in brackets)
        first = self.node.lineno
        return (
            opening < first
            and closing > (self.node.end_lineno or first)
            and len(self._leading(first)) == (self.node.col_offset)
        )

    # The forms.

    def _compact(self, layers: Sequence[Layer], open_after: str = "", close_before: str = "") -> Wrap:
        start, end = self.source.span(self.node)
        before = "".join(layer.open for layer in layers)
        after = "".join(layer.close for layer in reversed(layers))
        return Wrap(start, end, open_after + before, after + close_before, OUTSIDE)

    def _one_line(self) -> Iterator[Edit]:
        line = self.node.lineno
        start = self.source.offset(line, 0)
        end = self._line_end(line)
        before = len(self.source.content[start:end].decode().rstrip("\r"))
        length = before + sum(len(w.open) + len(w.close) for w in self.layers) + self._growth(start, end)
        # Where the line was too long already, its author does not mind.
        if length <= self.width or before > self.width or end < self.source.span(self.node)[1]:
            yield self._compact(self.layers)
            return
        indent = self._leading(line)
        unit = "\t" if "\t" in indent else "    "
        outer, *inner = self.layers
        newline = self.source.newline
        length += len(unit) - len(self.source.content[start : self.source.span(self.node)[0]].decode().lstrip())
        length -= len(outer.open) + len(outer.close)
        if length > self.width and inner:
            yield self._stacked(self.layers, indent, unit)
            return
        opening = outer.open + newline + indent + unit
        yield self._compact(inner, opening, newline + indent + outer.close)

    def _line_end(self, line: int) -> int:
        end = self.source.content.find(b"\n", self.source.offset(line, 0))
        return len(self.source.content) if end < 0 else end

    def _growth(self, start: int, end: int) -> int:
        """By how much the joints make a stretch of text longer."""
        inside = [e for e in self.joints if isinstance(e, Replace | Wrap) and start <= e.start < end]
        return sum(
            len(e.text) - (e.end - e.start) if isinstance(e, Replace) else len(e.before) + len(e.after) for e in inside
        )

    def _in_brackets(self, brackets: tuple[int, int]) -> Iterator[Edit]:
        outer, *inner = self.layers
        opening, closing = brackets
        if outer.open != "(":
            if self._needs_brackets():
                inner = [outer, *inner]
            else:
                yield Replace(opening, opening + 1, outer.open)
                yield Replace(closing, closing + 1, outer.close)
        elif outer.close != ")":
            yield Wrap(closing, closing + 1, "", outer.close[1:])
        if self._last_line() == self.node.lineno:
            yield self._compact(inner)
            return
        indent = self._leading(self.node.lineno)
        unit = "\t" if "\t" in indent else "    "
        yield self._stacked(inner, indent, unit)
        for line in self._lines():
            yield self._moved(line, unit * len(inner))

    def _needs_brackets(self) -> bool:
        match self.source.parents.get(self.node):
            case ast.Attribute() | ast.Subscript() | ast.Call():
                return True
        return False

    def _stacked(self, layers: Sequence[Layer], indent: str, unit: str, comment: str = "") -> Wrap:
        newline = self.source.newline
        start, end = self.source.span(self.node)
        before = "".join(layer.open + newline + indent + unit * (i + 1) for i, layer in enumerate(layers))
        before = before.replace(newline, comment + newline, 1)
        after = "".join(newline + indent + unit * i + layer.close for i, layer in reversed(list(enumerate(layers))))
        return Wrap(start, end, before, after, OUTSIDE)

    def _indented(self) -> Iterator[Edit]:
        indent = self._leading(self.node.lineno)
        unit = "\t" if "\t" in indent else "    "
        wanted = len(indent) + len(unit) * len(self.layers)
        own = self._own_brackets(wanted)
        self.taken = [*self.taken, *replaced_spans(own)]
        yield from own
        yield self._stacked(self.layers, indent, unit, self._comment(own))
        links = self._links_on_own_lines()
        shift = wanted - len(indent)
        opened = self.node.lineno
        for line in self._lines():
            leading = len(self._leading(line))
            if line in links:
                shift, opened = wanted - leading, line
                moved = shift
            elif self._is_aligned(line, leading, opened):
                growth = self._growth(self.source.offset(opened, 0), self._line_end(opened))
                column = leading - self.node.col_offset + wanted if opened == self.node.lineno else leading + shift
                moved = column + growth - leading
            else:
                moved = shift
            start = self.source.offset(line, 0)
            if moved > 0:
                yield self._moved(line, unit[0] * moved)
            elif moved < 0:
                yield Replace(start, start - moved, "")
        yield from self._without_backslashes()

    def _own_brackets(self, wanted: int) -> list[Replace]:
        """What takes away brackets in which a chain has lines of its own: `(chain).all()`. Layers stand for them."""
        first, last = self.source.span(self.node)
        for link in self.chain.links if self.chain else ():
            brackets = brackets_around(link.receiver, self.source)
            start, end = self.source.span(link.receiver)
            if brackets is None or brackets[0] != first:
                continue
            before, behind = self.source.content[first:start], self.source.content[end:last]
            if before.count(b"\n") > 1 or b"#" in behind or b"\n" in self.source.content[brackets[1] : last]:
                return []
            goes_on = any(isinstance(e, Replace) and e.end == last and e.text for e in self.joints)
            # What goes on behind them has a line of its own, which moves with the one before.
            leading = self._leading(self.source.position(end)[0])[:wanted]
            return [
                Replace(first, start, ""),
                Replace(end, brackets[1] + 1, self.source.newline + leading if goes_on else ""),
            ]
        return []

    def _comment(self, own: Sequence[Replace]) -> str:
        """The comment behind the opening one of the chain's own brackets."""
        text = self.source.content[own[0].start + 1 : own[0].end].decode() if own else ""
        return text.partition(self.source.newline)[0].rstrip()

    def _moved(self, line: int, text: str) -> Edit:
        """What is put in front of a line: what other edits add to it moves too, but not the layers behind the last."""
        start = self.source.offset(line, 0)
        is_last = line == self.node.end_lineno
        return Wrap(start, start, text, "") if is_last else Indent(start, text, self.node.col_offset)

    def _links_on_own_lines(self) -> set[int]:
        """Lines that begin with a `.method`, and the comments before them."""
        found: set[int] = set()
        for link in self.chain.links if self.chain else ():
            line, column = self.source.position(dot(link, self.source))
            if len(self._leading(line)) == column:
                first = link.receiver.end_lineno or line
                found.update(range(first + 1, line + 1))
        return found

    def _is_aligned(self, line: int, leading: int, opened: int) -> bool:
        """Does a line stand under what follows an opening bracket of an earlier line?"""
        text = self.source.content[self.source.offset(opened, 0) : self._line_end(opened)]
        return leading > 0 and text[leading - 1 : leading] in (b"(", b"[", b"{")

    def _lines(self) -> Iterator[int]:
        """The lines behind the first whose indentation may change."""
        last = self._last_line()
        frozen = self._text_lines()
        for line in range(self.node.lineno + 1, last + 1):
            start = self.source.offset(line, 0)
            blank = not self.source.content[start : self._line_end(line)].strip()
            if line not in frozen and not blank and not any(a < start < b for a, b in self.taken):
                yield line

    def _text_lines(self) -> set[int]:
        """Lines that begin inside a string."""
        found: set[int] = set()
        for node in ast.walk(self.node):
            if isinstance(node, ast.Constant | ast.JoinedStr) and node.end_lineno != node.lineno:
                found.update(range(node.lineno + 1, (node.end_lineno or 0) + 1))
        return found

    def _without_backslashes(self) -> Iterator[Edit]:
        """Inside brackets a line needs no backslash to go on."""
        for link in self.chain.links if self.chain else ():
            start, end = self.source.span(link.receiver)[1], dot(link, self.source)
            if has_comment(self.source, start, end) or any(a <= start < b for a, b in self.taken):
                continue
            for line in range(self.source.position(start)[0], self.source.position(end)[0]):
                stop = self._line_end(line)
                text = self.source.content[:stop].rstrip()
                if text.endswith(b"\\"):
                    yield Replace(len(text[:-1].rstrip(b" \t")), len(text), "")


def stands_inside(node: ast.expr, source: Source, laid_out: set[ast.AST]) -> bool:
    """Does an expression stand inside another one of those that are laid out?"""
    current = source.parents.get(node)
    while current is not None and not isinstance(current, ast.stmt):
        if current in laid_out:
            return True
        current = source.parents.get(current)
    return False
