"""Which handler answers a request of a test: by its method, and by the end of its path."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from typing import TYPE_CHECKING

from .once import once
from .responses import ROUTES
from .stand_ins import is_test_code
from .symbols import Function

if TYPE_CHECKING:
    from .program import Program

# A part of a path that may be anything.
ANYTHING = "*"
Route = tuple[str, tuple[str, ...], Function]


def handler(program: Program, node: ast.Call) -> Function | None:
    """What answers `client.get(f"/users/{number}")`; None where that is not certain."""
    if not isinstance(node.func, ast.Attribute) or not node.args:
        return None
    path = _parts(node.args[0])
    fitting = [(r, _same(r[1], path)) for r in _routes(program) if r[0] == node.func.attr and _fits(r[1], path)]
    best = max((same for _, same in fitting), default=0)
    found = {route[2] for route, same in fitting if same == best}
    return found.pop() if len(found) == 1 and best else None


@once
def _routes(program: Program) -> list[Route]:
    return [route for f in program.functions if not is_test_code(f) for route in _of(f)]


def _of(function: Function) -> Iterator[Route]:
    for decorator in function.decorators:
        match decorator:
            case ast.Call(func=ast.Attribute(attr=method), args=[ast.Constant(value=str(path)), *_]) if (
                method in ROUTES
            ):
                parts = path.strip("/").split("/")
                yield method, tuple(ANYTHING if "{" in p else p for p in parts), function


def _parts(node: ast.expr) -> tuple[str, ...]:
    """The parts of a path, without what it asks for."""
    match node:
        case ast.Constant(value=str(text)):
            path = text
        case ast.JoinedStr(values=values):
            path = "".join(str(v.value) if isinstance(v, ast.Constant) else ANYTHING for v in values)
        case _:
            return ()
    parts = path.partition("?")[0].strip("/").split("/")
    return tuple(ANYTHING if ANYTHING in part else part for part in parts)


def _fits(route: tuple[str, ...], path: tuple[str, ...]) -> bool:
    """Is a route the end of a path? What stands before it an application's prefix may be."""
    ends = path[len(path) - len(route) :] if len(route) <= len(path) else ()
    return bool(ends) and all(ANYTHING in (r, p) or r == p for r, p in zip(route, ends, strict=True))


def _same(route: tuple[str, ...], path: tuple[str, ...]) -> int:
    """How many parts of a route stand in a path as they are?"""
    return sum(r == p != ANYTHING for r, p in zip(reversed(route), reversed(path), strict=False))
