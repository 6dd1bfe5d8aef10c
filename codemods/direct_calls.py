"""`run(f, a, b)` -> `f(a, b)`: a function that was handed to something is called where it was handed over."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator, Sequence

from ..analysis.program import Program
from ..analysis.source import Source
from ..analysis.values import External
from .edit import Edit, Outdent, Replace
from .indenting import continued_lines

# What may be awaited or called without parentheses.
PRIMARY = (ast.Name, ast.Attribute, ast.Call, ast.Subscript)
Argument = ast.expr | ast.keyword
_WHITE = re.compile(rb"[ \t]*")


def call_directly(
    program: Program, source: Source, node: ast.Call, function: ast.expr, arguments: Sequence[Argument]
) -> Iterator[Edit]:
    """The edits that make of a call one of `function` with `arguments`, which stand behind it inside the call.

    Nothing inside of the function's and the arguments' bytes is touched.
    """
    if isinstance(function, ast.Lambda) and not arguments and not _has_parameters(function):
        yield from instead(source, node, function.body)
        return
    start, end = source.span(node)
    partial = _partial(program, function)
    called = partial.args[0] if partial else function
    bound: list[Argument] = [*partial.args[1:], *partial.keywords] if partial else []
    given = [*bound, *arguments]
    opening, closing = ("", "") if isinstance(called, PRIMARY) else ("(", ")")
    yield Replace(start, source.span(called)[0], opening)
    if not given:
        yield Replace(source.span(called)[1], end, f"{closing}()")
        return
    yield _opened(source, called, given[0], f"{closing}(")
    if bound and arguments:
        yield Replace(source.span(bound[-1])[1], source.span(arguments[0])[0], ", ")
    elif partial:
        yield Replace(source.span(partial)[1], end, "")
        yield from _moved_out(source, partial, _margin(source, node.lineno))


def _opened(source: Source, called: ast.expr, first: Argument, text: str) -> Replace:
    """The comma between function and arguments becomes a parenthesis; an argument on a line of its own stays there."""
    start, end = source.span(called)[1], source.span(first)[0]
    comma = source.content.index(b",", start)
    return Replace(start, comma + 1 if b"\n" in source.content[comma:end] else end, text)


def instead(source: Source, node: ast.expr, inner: ast.expr) -> Iterator[Edit]:
    """The edits that leave of an expression only one inside of it; its lines move out as far as they had moved in."""
    (start, end), (first, last) = source.span(node), source.span(inner)
    is_primary = isinstance(inner, PRIMARY)
    yield Replace(start, first, "" if is_primary else "(")
    yield Replace(last, end, "" if is_primary else ")")
    yield from _moved_out(source, inner, _margin(source, node.lineno))


def _moved_out(source: Source, node: ast.expr, margin: int) -> Iterator[Edit]:
    """The further lines of an expression move out as far as its first one does, to `margin`."""
    width = _margin(source, node.lineno) - margin
    inside_strings = continued_lines(source)
    for line in range(node.lineno + 1, (node.end_lineno or node.lineno) + 1):
        if line not in inside_strings and 0 < width <= _margin(source, line):
            yield Outdent(source.offset(line, 0), width, source.span(node)[0])


def _margin(source: Source, line: int) -> int:
    """How far a line is moved in."""
    found = _WHITE.match(source.content, source.offset(line, 0))
    return len(found[0]) if found else 0


def _has_parameters(function: ast.Lambda) -> bool:
    return any(isinstance(n, ast.arg) for n in ast.iter_child_nodes(function.args))


def _partial(program: Program, node: ast.expr) -> ast.Call | None:
    """`functools.partial(f, …)`, when the expression is that."""
    if not isinstance(node, ast.Call) or not node.args or isinstance(node.args[0], ast.Starred):
        return None
    made = program.values(node.func)
    return node if any(isinstance(v, External) and v.name == "functools.partial" for v in made) else None
