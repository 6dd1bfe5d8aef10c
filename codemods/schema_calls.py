"""Calls such as `metadata.create_all(engine)`, and their form on an async connection."""

from __future__ import annotations

import ast
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import chain, count, islice

from ..analysis.program import Program
from ..analysis.source import Source
from ..analysis.symbols import Function
from ..analysis.values import External, Instance
from .arguments import argument, arguments
from .edit import Edit, Indent, Replace
from .import_lines import line_length
from .indenting import INDENT
from .pieces import Piece, call, joined, splice
from .references import is_plain

_NAMES = ("connection", "conn", "db_connection")


@dataclass(frozen=True, slots=True)
class SchemaCall:
    """One such call: `target` is the engine or connection that it is given, `statement` the one that it stands in."""

    function: Function
    call: ast.Call
    statement: ast.stmt
    target: ast.expr
    is_connection: bool

    @property
    def source(self) -> Source:
        return self.function.source

    def is_like(self, other: SchemaCall) -> bool:
        """Is the other one given the same engine, by name?"""
        same = ast.dump(self.target) == ast.dump(other.target)
        return same and not self.is_connection and not other.is_connection and is_plain(self.target)


def schema_call(program: Program, function: Function, node: ast.Call) -> SchemaCall | str:
    """The call, or why it cannot be rewritten where it stands."""
    source = function.source
    target = argument(node, "bind")
    if target is None or not isinstance(node.func, ast.Attribute):
        return "it does not say on which engine it works"
    statement = source.parents[node]
    if not (isinstance(statement, ast.Expr | ast.Return | ast.Assign | ast.AnnAssign) and statement.value is node):
        return "it is part of a larger expression: write a statement of its own for it"
    if not _stands_alone(source, statement):
        return "it shares its line with another statement"
    classes = {v.cls for v in program.values(target) if isinstance(v, Instance)}
    objects = program.interpreter.objects
    is_connection = any(objects.is_a(c, "sqlalchemy.Connection") for c in classes)
    return SchemaCall(function, node, statement, target, is_connection)


def _stands_alone(source: Source, statement: ast.stmt) -> bool:
    start, end = source.span(statement)
    before = source.content[source.offset(statement.lineno, 0) : start].strip()
    line_end = source.content.find(b"\n", end)
    after = source.content[end : line_end if line_end >= 0 else None].strip()
    return not before and (not after or after.startswith(b"#"))


def together(calls: Iterable[SchemaCall]) -> Iterator[list[SchemaCall]]:
    """The calls, those in a row that are given the same engine together."""
    ordered = sorted(calls, key=lambda c: (c.source.path, c.call.lineno))
    group: list[SchemaCall] = []
    for item in ordered:
        if group and not (item.is_like(group[-1]) and follows(group[-1], item)):
            yield group
            group = []
        group.append(item)
    if group:
        yield group


def follows(first: SchemaCall, second: SchemaCall) -> bool:
    """Is the second statement the next one in the same block?"""
    if first.source is not second.source or first.function is not second.function:
        return False
    for node in ast.walk(first.source.parents[first.statement]):
        for block in (getattr(node, name, None) for name in ("body", "orelse", "finalbody")):
            if isinstance(block, list) and first.statement in block:
                index = block.index(first.statement) + 1
                return index < len(block) and block[index] is second.statement
    return False


# The new form


def in_place(program: Program, group: Sequence[SchemaCall]) -> list[Edit]:
    """The edits of calls in a function that may await."""
    first = group[0]
    source, indentation = first.source, first.source.indentation(first.statement)
    start, end = source.span(first.statement)
    if first.is_connection:
        pieces = [*_head(first), *_run(program, first, [*operand(program, first.function, first.target)], indentation)]
        return [*splice(source, start, end, pieces)]
    name = free_name(first.function)
    inner = indentation + INDENT
    pieces = [
        "async with ",
        *operand(program, first.function, first.target),
        f".begin() as {name}:\n{inner}",
        *_head(first),
    ]
    pieces += _run(program, first, [name], inner)
    edits: list[Edit] = [*splice(source, start, end, pieces)]
    for item in group[1:]:
        edits += _shifted_comments(source, item)
        pieces = [INDENT, *_head(item), *_run(program, item, [name], inner)]
        text = "".join(p if isinstance(p, str) else source.text(p) for p in pieces)
        edits.append(Replace(*source.span(item.statement), text))
    return edits


def blocks(program: Program, groups: Iterable[Sequence[SchemaCall]], indentation: str) -> str:
    """The text of calls in an async function of their own, a connection for each group."""
    return "".join(_block(program, group, indentation) for group in groups)


def _block(program: Program, group: Sequence[SchemaCall], indentation: str) -> str:
    first = group[0]
    name = free_name(first.function)
    inner = indentation + INDENT
    lines = [f"{indentation}async with {first.source.text(first.target)}.begin() as {name}:\n"]
    for item in group:
        pieces = ["await ", *_run(program, item, [name], inner)]
        lines.append(inner + "".join(p if isinstance(p, str) else item.source.text(p) for p in pieces) + "\n")
    return "".join(lines)


def free_name(function: Function, depth: int = 0) -> str:
    """A name for the connection that means nothing else in the function; one for each depth."""
    taken = {n.id for n in ast.walk(function.node) if isinstance(n, ast.Name)}
    taken |= {a.arg for a in ast.walk(function.node) if isinstance(a, ast.arg)}
    numbered = (f"{_NAMES[0]}_{number}" for number in count(2))
    return next(islice((name for name in chain(_NAMES, numbered) if name not in taken), depth, None))


def _head(item: SchemaCall) -> list[Piece]:
    """What stands before the call in its statement: `return`, or the target of an assignment."""
    source = item.source
    text = source.content[source.span(item.statement)[0] : source.span(item.call)[0]].decode()
    return [text, "await "]


def _run(program: Program, item: SchemaCall, connection: Sequence[Piece], indentation: str) -> list[Piece]:
    """`connection.run_sync(metadata.create_all, …)`."""
    source, node = item.source, item.call
    rest = [a for a in arguments(node) if a is not item.target and getattr(a, "value", None) is not item.target]
    written = [source.text(node.func), *(_moved(source, a, indentation) for a in rest)]
    texts: list[list[Piece]] = [[text] for text in written]
    flat: list[Piece] = [*connection, ".run_sync(", *joined(texts, ", "), ")"]
    if len(connection) > 1 or not isinstance(connection[0], str) or any("\n" in text for text in written):
        return flat
    width = line_length(source)
    return call(source, f"{connection[0]}.run_sync", texts, indentation, width - len(f"{indentation}await "), width)


def _moved(source: Source, argument: ast.expr | ast.keyword, indentation: str) -> str:
    """The text of an argument whose further lines follow its first one to a new indentation."""
    line = source.content[source.offset(argument.lineno, 0) :]
    before = len(line) - len(line.lstrip(b" "))
    first, *others = source.text(argument).split("\n")
    by = len(indentation) - before
    moved = [" " * by + line if by > 0 else line.removeprefix(" " * -by) for line in others]
    return "\n".join([first, *moved])


def operand(program: Program, function: Function, target: ast.expr) -> list[Piece]:
    """An engine or connection where a method of it is called."""
    if _is_sessions_bind(program, target):
        assert isinstance(target, ast.Call)
        assert isinstance(target.func, ast.Attribute)
        return [target.func.value, ".bind"]
    is_awaited = any(s.node is target for s in program.colours.sites_of(function))
    if is_awaited or not isinstance(target, ast.Name | ast.Attribute | ast.Call | ast.Subscript):
        return ["(", target, ")"]
    return [target]


def _is_sessions_bind(program: Program, node: ast.expr) -> bool:
    """`session.get_bind()`, which an AsyncSession answers with its sync engine."""
    return isinstance(node, ast.Call) and any(
        isinstance(v, External) and v.name.endswith(".get_bind") and v.receiver is not None
        for v in program.values(node.func)
    )


def _shifted_comments(source: Source, item: SchemaCall) -> Iterator[Indent]:
    """The lines of comments right above a statement that moves in."""
    line = item.statement.lineno - 1
    while line >= 1:
        start = source.offset(line, 0)
        text = source.content[start : source.content.index(b"\n", start)].strip()
        if not text.startswith(b"#"):
            return
        yield Indent(start, INDENT, start)
        line -= 1
