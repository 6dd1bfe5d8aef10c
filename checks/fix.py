"""What mends a finding, as plain data: replaced spans of one file's bytes, and names to import."""

from __future__ import annotations

import ast
import sys
from dataclasses import dataclass

from ..analysis.source import Source

# Before that, expressions in f-strings do not know where they stand.
PLACES_IN_F_STRINGS = sys.version_info >= (3, 12)


@dataclass(frozen=True, slots=True)
class Edit:
    """The bytes from `start` up to `end` become `text`; `start == end` inserts."""

    start: int
    end: int
    text: str


@dataclass(frozen=True, slots=True)
class Fix:
    """Edits of the finding's file; `imports` are (module, name) pairs that the new text needs.

    `is_safe`: the program means the same afterwards, but for the mistake.
    """

    edits: tuple[Edit, ...]
    imports: tuple[tuple[str, str], ...] = ()
    is_safe: bool = True


def awaited(source: Source, node: ast.expr, *, is_safe: bool = True) -> Fix | None:
    """`await` in front of an expression; None where no `await` may stand."""
    if not _may_await(source, node):
        return None
    start, end = source.span(node)
    if not _binds_tighter(source.parents[node], node):
        return Fix((Edit(start, start, "await "),), is_safe=is_safe)
    return Fix((Edit(start, start, "(await "), Edit(end, end, ")")), is_safe=is_safe)


def _may_await(source: Source, node: ast.expr) -> bool:
    """Does the expression run as a part of an async function's own body?"""
    child: ast.AST = node
    while (parent := source.parents.get(child)) is not None:
        match parent:
            case ast.AsyncFunctionDef(body=body):
                return child in body
            case ast.FunctionDef(body=body) | ast.ClassDef(body=body) if child in body:
                return False
            case ast.Lambda(body=body) if child is body:
                return False
            case ast.JoinedStr() if not PLACES_IN_F_STRINGS:
                return False
            case ast.GeneratorExp(generators=generators) if child is not generators[0]:
                return False
        child = parent
    return False


def _binds_tighter(parent: ast.AST, node: ast.expr) -> bool:
    """Would what is around the expression take `await` for its own operand's?"""
    match parent:
        case ast.Attribute() | ast.Await():
            return True
        case ast.Call(func=inner) | ast.Subscript(value=inner):
            return inner is node
        case ast.BinOp(op=ast.Pow()):
            return True
    return False
