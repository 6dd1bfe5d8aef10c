"""A mock stands where the code awaits, and can't be awaited; or it answers a call that is not made any more.

`await mock()` of a Mock raises TypeError, and a test that only looks at a mock of `session.query` is of no use once the
code sends a `select()`. Use AsyncMock for coroutine methods, and let `session.execute` give the result chain.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator

from ...analysis.calling import runs_on_loop
from ...analysis.coroutines import async_names
from ...analysis.program import Program
from ...analysis.provenance import bound
from ...analysis.session_use import is_async_database
from ...analysis.stand_ins import is_test_code
from ...analysis.symbols import Function
from ...analysis.values import FunctionObject, Mock
from ..finding import Finding, finding
from ..rule import Example

CODE = "AS801"
NAME = "mock-not-awaitable"
PLAIN = frozenset({"Mock", "MagicMock", "NonCallableMock", "NonCallableMagicMock"})

EXAMPLES = (
    Example(
        path="test_app.py",
        bad="""\
from unittest.mock import AsyncMock, Mock

from sqlalchemy.ext.asyncio import AsyncSession


class Store:
    async def save_order(self, order: str) -> None: ...


async def order(session: AsyncSession, store: Store) -> None:
    await store.save_order("tea")


async def test_order() -> None:
    store = AsyncMock()
    store.save_order = Mock()  # AS801
    session = Mock()
    session.query.return_value = []  # AS801
    await order(session, store)
""",
        good="""\
from unittest.mock import AsyncMock, Mock

from sqlalchemy.ext.asyncio import AsyncSession


class Store:
    async def save_order(self, order: str) -> None: ...


async def order(session: AsyncSession, store: Store) -> None:
    await store.save_order("tea")


async def test_order() -> None:
    store = AsyncMock()
    store.save_order = AsyncMock()
    session = Mock()
    session.execute = AsyncMock(return_value=[])
    await order(session, store)
""",
    ),
)


def find(program: Program) -> Iterator[Finding]:
    for function in filter(is_test_code, program.functions):
        sessions = _session_mocks(program, function)
        for node in function.own_nodes():
            match node:
                case ast.Assign(targets=[ast.Attribute(value=owner, attr=name) as target], value=ast.Call() as made):
                    if name in async_names(program) and _is_plain(program, made) and _is_mock(program, owner):
                        text = function.source.text(target)
                        yield finding(function.source, node, CODE, f"{text} is awaited: it has to be an AsyncMock")
            if isinstance(node, ast.Assign) and (text := _sets_up_query(node.targets[0], sessions)):
                message = f"{text} stands for an AsyncSession, whose query() is never called: mock what execute() gives"
                yield finding(function.source, node, CODE, message)


def _is_plain(program: Program, node: ast.expr) -> bool:
    values = program.values(node)
    return bool(values) and all(isinstance(v, Mock) and v.kind in PLAIN and not v.spec and not v.path for v in values)


def _is_mock(program: Program, node: ast.expr) -> bool:
    return any(isinstance(v, Mock) for v in program.values(node))


def _session_mocks(program: Program, function: Function) -> frozenset[str]:
    """Names of mocks that the function gives to async code for its async session."""
    found: set[str] = set()
    for node in function.own_nodes():
        if isinstance(node, ast.Call):
            for value in program.values(node.func):
                if isinstance(value, FunctionObject):
                    found.update(_given_as_session(program, program.function(value.key), node))
    return frozenset(found)


def _given_as_session(program: Program, callee: Function, node: ast.Call) -> Iterator[str]:
    if not runs_on_loop(program, callee):
        return
    for name, argument in bound(callee, node).items():
        if isinstance(argument, ast.Name) and _is_mock(program, argument):
            values = program.parameter(callee, name)
            if program.is_session(values) and is_async_database(program, values):
                yield argument.id


def _sets_up_query(target: ast.expr, sessions: frozenset[str]) -> str:
    """The name of the session in `session.query.return_value… = …`; "" for anything else."""
    names: list[str] = []
    while isinstance(target, ast.Attribute | ast.Call):
        if isinstance(target, ast.Attribute):
            names.append(target.attr)
            target = target.value
        else:
            target = target.func
    if isinstance(target, ast.Name) and target.id in sessions and names[-2:] == ["return_value", "query"]:
        return target.id
    return ""
