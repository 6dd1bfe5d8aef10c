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
    yield Replace(source.span(called)[1], source.span(given[0])[0], f"{closing}(")
    if bound and arguments:
        yield Replace(source.span(bound[-1])[1], source.span(arguments[0])[0], ", ")
    elif bound:
        yield Replace(source.span(bound[-1])[1], end, ")")


def instead(source: Source, node: ast.expr, inner: ast.expr) -> Iterator[Edit]:
    """The edits that leave of an expression only one inside of it; its lines move out as far as they had moved in."""
    (start, end), (first, last) = source.span(node), source.span(inner)
    is_primary = isinstance(inner, PRIMARY)
    yield Replace(start, first, "" if is_primary else "(")
    yield Replace(last, end, "" if is_primary else ")")
    width = _margin(source, inner.lineno) - _margin(source, node.lineno)
    inside_strings = continued_lines(source)
    for line in range(inner.lineno + 1, (inner.end_lineno or inner.lineno) + 1):
        if line not in inside_strings and 0 < width <= _margin(source, line):
            yield Outdent(source.offset(line, 0), width, start)


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
