"""Lambdas that stand in for what is awaited become AsyncMocks, which give their results to whoever awaits them.

monkeypatch.setattr(mail, "load", lambda db: None)
repo = SimpleNamespace(find=lambda key: users[key])

monkeypatch.setattr(mail, "load", AsyncMock(return_value=None))
repo = SimpleNamespace(find=AsyncMock(side_effect=lambda key: users[key]))
"""

from __future__ import annotations

import ast
from collections.abc import Iterator
from dataclasses import dataclass

from ..analysis.mocks import Patch
from ..analysis.program import Program
from ..analysis.source import Source
from ..analysis.stand_ins import is_test_code
from ..analysis.symbols import Function
from ..analysis.values import ClassObject, FunctionObject, Value
from .edit import Edit, Replace, Wrap
from .imports import request
from .mock_kinds import ASYNC, MOCK_MODULE


@dataclass(frozen=True, slots=True)
class StandIn:
    """A lambda of the suite that has to be awaitable, and its edits."""

    function: Function
    node: ast.Lambda
    edits: tuple[Edit, ...]


def stand_in_lambdas(program: Program) -> Iterator[StandIn]:
    """The lambdas that share the colour of what they stand in for, and hand on no coroutine themselves."""
    for function, reason in program.colours.reasons.items():
        node = function.node
        if isinstance(node, ast.Lambda) and reason.kind == "family" and is_test_code(function):
            owner = program.function_at(function.source, node) or function
            yield StandIn(owner, node, tuple(_edits(program, function, node)))


def _edits(program: Program, function: Function, node: ast.Lambda) -> Iterator[Edit]:
    patch = _patch_of_class(program, function)
    return awaitable(function.source, node, f"fake_{patch.name}" if patch is not None else "")


def awaitable(source: Source, node: ast.Lambda, method: str = "") -> Iterator[Edit]:
    """The edits that make a lambda awaitable; as a `method` it got an object first, which an AsyncMock does not get."""
    text, wanted = request(source, MOCK_MODULE, ASYNC, at=node)
    start, end = source.span(node)
    if _is_fixed(node):
        yield Replace(start, source.span(node.body)[0], f"{text}(return_value=")
        yield Replace(end, end, ")")
    elif method and node.args.args:
        yield from _without_self(source, node, text, method)
    else:
        yield Wrap(start, end, f"{text}(side_effect=", ")")
    if wanted is not None:
        yield wanted


def _is_fixed(node: ast.Lambda) -> bool:
    """Is the result the same at every call, as far as can be seen?"""
    own = {a.arg for a in ast.walk(node.args) if isinstance(a, ast.arg)}
    body = node.body
    while isinstance(body, ast.Attribute | ast.UnaryOp):
        body = body.value if isinstance(body, ast.Attribute) else body.operand
    return isinstance(body, ast.Constant) or (isinstance(body, ast.Name) and body.id not in own)


def _patch_of_class(program: Program, function: Function) -> Patch | None:
    """The patch that puts the lambda into a class."""
    patches = [p for p in program.interpreter.mocks.patches if isinstance(p.owner, ClassObject)]
    return next((p for p in patches if any(_is(function, v) for v in p.replacement)), None)


def _is(function: Function, value: Value) -> bool:
    return isinstance(value, FunctionObject) and value.key == function.key


def _without_self(source: Source, node: ast.Lambda, mock: str, name: str) -> Iterator[Edit]:
    first, *rest = node.args.args
    start, end = source.span(node)
    used = {n.id for n in ast.walk(node.body) if isinstance(n, ast.Name)}
    if first.arg in used:
        yield from _as_function(source, node, name)
        return
    yield Wrap(start, end, f"{mock}(side_effect=", ")")
    if rest:
        yield Replace(source.span(first)[0], source.span(rest[0])[0], "")
    else:
        yield Replace(start + len("lambda"), source.content.index(b":", source.span(first)[1]), "")


def _as_function(source: Source, node: ast.Lambda, name: str) -> Iterator[Edit]:
    """An `async def` in front of the statement, where the object is needed."""
    statement: ast.AST = node
    while not isinstance(statement, ast.stmt):
        statement = source.parents[statement]
    start, indentation = source.offset(statement.lineno, 0), source.indentation(statement)
    while name.encode() in source.content:
        name += "_"
    arguments, body = ast.unparse(node.args), source.text(node.body)
    lines = f"\n{indentation}async def {name}({arguments}):\n{indentation}    return {body}\n\n"
    yield Replace(start, start, lines)
    yield Replace(*source.span(node), name)
