"""A decorator around functions of both colours gets a wrapper for each.

Before:

    def timed(function):
        @wraps(function)
        def wrapper(*args):
            return function(*args)

        return wrapper

After:

    def timed(function):
        if not inspect.iscoroutinefunction(function):

            @wraps(function)
            def sync_wrapper(*args):
                return function(*args)

            return sync_wrapper

        @wraps(function)
        async def wrapper(*args):
            return await function(*args)

        return wrapper
"""

from __future__ import annotations

import ast
from collections.abc import Iterator

from ..analysis.decisions import Decision
from ..analysis.decorators import returned
from ..analysis.program import Program
from ..analysis.source import Source
from ..analysis.symbols import Function
from .carried import as_data, carried
from .edit import Edit, Replace
from .imports import request
from .indenting import INDENT, continued_lines, first_line, line_text

NAME = "decorators"


def decide(program: Program) -> Iterator[Decision]:
    """A decision for each wrapper that becomes async while something that stays sync stands in it."""
    for wrapper in program.decorators.wrapped:
        given = program.decorators.given(wrapper)
        if not given or wrapper not in program.colours.reasons or program.colours.is_all_async(wrapper):
            continue
        yield Decision(
            NAME,
            wrapper.site(),
            "keep a sync version beside it",
            why=program.colours.chain(wrapper),
            function=wrapper.qualname,
            data=as_data(_second_version(wrapper, given)),
            node=wrapper.node,
        )


def rewrite(decision: Decision, program: Program) -> Iterator[Edit]:
    """The edits that were worked out when the decision was made."""
    yield from carried(decision)


def _second_version(wrapper: Function, given: str) -> Iterator[Edit]:
    source, maker, node = wrapper.source, wrapper.parent, wrapper.node
    assert maker is not None
    assert isinstance(node, ast.FunctionDef)
    end = returned(maker, wrapper)
    assert end is not None
    text, wanted = request(source, "inspect", at=node)
    margin = source.indentation(node)
    copy = _copy(source, node, end, f"sync_{wrapper.name}")
    blank = "\n" if node.decorator_list or copy.startswith((f"{margin}{INDENT}def", f"{margin}{INDENT}@")) else ""
    begins = source.offset(first_line(node), 0)
    yield Replace(begins, begins, f"{margin}if not {text}.iscoroutinefunction({given}):\n{blank}{copy}\n\n")
    if wanted:
        yield wanted


def _copy(source: Source, node: ast.FunctionDef, end: ast.Return, name: str) -> str:
    """The lines of a wrapper up to where it is returned, moved in, under another name."""
    first, last = first_line(node), end.end_lineno or end.lineno
    named = {(n.lineno, n.col_offset) for s in _between(source, node, end) for n in _names(s, node.name)}
    inside_strings = continued_lines(source)
    lines = []
    for number in range(first, last + 1):
        line = line_text(source, number)
        for column in sorted((c for row, c in named if row == number), reverse=True):
            if line[column:].startswith(node.name.encode()):
                line = line[:column] + name.encode() + line[column + len(node.name) :]
        if number == node.lineno:
            line = line.replace(b"def " + node.name.encode(), b"def " + name.encode(), 1)
        moved = line.strip() and number not in inside_strings
        lines.append((INDENT if moved else "") + line.decode().rstrip("\r"))
    return "\n".join(lines)


def _between(source: Source, node: ast.FunctionDef, end: ast.Return) -> list[ast.stmt]:
    body: list[ast.stmt] = source.parents[node].body  # type: ignore[attr-defined]
    return body[body.index(node) : body.index(end) + 1]


def _names(statement: ast.stmt, name: str) -> Iterator[ast.Name]:
    return (n for n in ast.walk(statement) if isinstance(n, ast.Name) and n.id == name)
