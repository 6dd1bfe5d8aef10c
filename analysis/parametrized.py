"""pytest: what `parametrize` and a fixture's `params` pass, and the fixtures that a request asks for by name."""

from __future__ import annotations

import ast
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from .symbols import Function, decorator_name
from .values import NOTHING, Text, Values

if TYPE_CHECKING:
    from .interpreter import Interpreter
    from .members import Env

REQUEST = "request"


class Parametrized:
    """The values that pytest passes to tests and fixtures, one after the other."""

    def __init__(self, interpreter: Interpreter) -> None:
        self._interpreter = interpreter

    def note(self, function: Function, decorators: Sequence[ast.expr], env: Env) -> None:
        """Let the parameters of a function hold what its decorators pass."""
        for decorator in decorators:
            match decorator:
                case ast.Call(func=ast.Attribute(attr="parametrize"), args=[names, rows, *_], keywords=keywords):
                    is_indirect = any(k.arg == "indirect" for k in keywords)
                    for name, given in self._columns(_names(names), rows, env):
                        self._pass(function, name, given, is_indirect)
                case ast.Call(keywords=keywords) if decorator_name(decorator) in {"fixture", "yield_fixture"}:
                    for keyword in keywords:
                        if keyword.arg == "params":
                            for _, given in self._columns([REQUEST], keyword.value, env):
                                self._interpreter.store.write(given, "fixture parameter", function.key)

    def _pass(self, function: Function, name: str, given: Values, is_indirect: bool) -> None:
        fixtures = self._interpreter.fixtures.lookup(function, name) if is_indirect else []
        for fixture in fixtures:
            self._interpreter.store.write(given, "fixture parameter", fixture.key)
        if not fixtures:
            self._interpreter.store.write(given, "parameter", function.key, name)

    def _columns(self, names: Sequence[str], rows: ast.expr, env: Env) -> Iterator[tuple[str, Values]]:
        """Each name with what it holds, row by row."""
        evaluate = self._interpreter.eval
        if not isinstance(rows, ast.List | ast.Tuple):
            if len(names) == 1:
                yield names[0], self._interpreter.iterate(evaluate(rows, env))
            return
        for row in rows.elts:
            for name, cell in zip(names, _cells(row, len(names)), strict=False):
                yield name, evaluate(cell, env)

    def parameter(self) -> Values:
        """`request.param` in the function that is being evaluated."""
        return self._interpreter.store.read("fixture parameter", self._interpreter.current.key)

    def fixture(self, node: ast.Call, env: Env) -> Values:
        """`request.getfixturevalue(name)`."""
        found = NOTHING
        for value in self._interpreter.eval(node.args[0], env):
            if isinstance(value, Text):
                found |= self._interpreter.fixture_values(self._interpreter.current, value.text)
        return found


def asks_for_fixture(node: ast.Call) -> bool:
    """Is this `request.getfixturevalue(name)`?"""
    return isinstance(node.func, ast.Attribute) and node.func.attr == "getfixturevalue" and len(node.args) == 1


def is_parameter(node: ast.Attribute) -> bool:
    """Is this `request.param`?"""
    return node.attr == "param" and isinstance(node.value, ast.Name) and node.value.id == REQUEST


def _names(node: ast.expr) -> list[str]:
    match node:
        case ast.Constant(value=str(text)):
            return [name.strip() for name in text.split(",") if name.strip()]
        case ast.List(elts=elements) | ast.Tuple(elts=elements):
            return [e.value for e in elements if isinstance(e, ast.Constant) and isinstance(e.value, str)]
    return []


def _cells(row: ast.expr, width: int) -> list[ast.expr]:
    """The cells of a row: a tuple's, those of `pytest.param(…)`, or the row itself."""
    match row:
        case ast.Call(func=ast.Attribute(attr="param"), args=cells):
            return cells
        case ast.Tuple(elts=cells) | ast.List(elts=cells) if width > 1:
            return cells
    return [row]
