"""Carries out what is decided on the statements around an awaited call."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from itertools import pairwise

from ..analysis.source import Source
from .edit import Edit, Replace
from .loop_plumbing import Plumbing, children_of
from .removal import in_place_of, span_of, without_all


def edits(source: Source, found: Plumbing) -> Iterator[Edit]:
    """The edits that carry it out."""
    covered: set[ast.stmt] = set()
    for node, kept in _outermost(source, found):
        covered.update(s for s in children_of(node) if s not in kept)
        yield from in_place_of(source, node, kept)
    for expression, parts in found.shortened.items():
        yield from _only(source, expression, parts)
    left = {
        s
        for s in found.gone
        if not any(a in found.gone or a in covered for a in _around(source, s)) and s not in covered
    }
    yield from without_all(source, left)


def _only(source: Source, node: ast.expr, parts: list[ast.expr]) -> Iterator[Edit]:
    """Leave only some neighbouring parts of an expression; each keeps its parentheses."""
    spans = [_with_parentheses(source, part, node) for part in parts]
    start, end = source.span(node)
    word = " and " if isinstance(node, ast.BoolOp) and isinstance(node.op, ast.And) else " or "
    yield Replace(start, spans[0][0], "")
    for (_, last), (first, _) in pairwise(spans):
        if source.content[last:first].strip() != word.strip().encode():
            yield Replace(last, first, word)
    yield Replace(spans[-1][1], end, "")


def _with_parentheses(source: Source, node: ast.expr, around: ast.expr) -> tuple[int, int]:
    (start, end), (first, last) = source.span(node), source.span(around)
    while (before := source.content[first:start].rstrip()).endswith(b"(") and (
        after := source.content[end:last].lstrip()
    ).startswith(b")"):
        start, end = first + len(before) - 1, last - len(after) + 1
    return start, end


def gone_spans(source: Source, found: Plumbing) -> list[list[int]]:
    """The bytes that go."""
    spans = [list(span_of(source, s)) for s in found.gone]
    for node, kept in _outermost(source, found):
        start, end = source.span(node)
        spans += [[start, source.span(kept[0])[0]], [source.span(kept[-1])[1], end]]
    return sorted(spans)


def _outermost(source: Source, found: Plumbing) -> Iterator[tuple[ast.stmt, list[ast.stmt]]]:
    """The opened statements that something stays of, and what stays."""
    for node, children in found.opened.items():
        if node in found.gone or any(a in found.gone for a in _around(source, node)):
            continue
        kept = list(children)
        while kept and kept[0] in found.gone:
            del kept[0]
        while kept and kept[-1] in found.gone:
            del kept[-1]
        yield node, kept


def _around(source: Source, node: ast.stmt) -> Iterator[ast.stmt]:
    parent = source.parents.get(node)
    while parent is not None:
        if isinstance(parent, ast.stmt):
            yield parent
        parent = source.parents.get(parent)
