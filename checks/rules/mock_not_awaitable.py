"""A mock stands where the code awaits, and can't be awaited; or it answers a call that is not made any more.

`await mock()` of a Mock raises TypeError, and a test that only looks at a mock of `session.query` is of no use once the
code sends a `select()`. Use AsyncMock for coroutine methods, and let `session.execute` give the result chain.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator, Mapping

from ...analysis.calling import runs_on_loop
from ...analysis.coroutines import async_names, gives_coroutine
from ...analysis.library import library
from ...analysis.mocks import Patch
from ...analysis.program import Program
from ...analysis.provenance import bound
from ...analysis.session_use import is_async_database
from ...analysis.stand_ins import is_test_code, replaced
from ...analysis.symbols import Function
from ...analysis.values import Awaitable, FunctionObject, Mock, Value
from ..finding import Finding, finding
from ..rule import Example

CODE = "AS801"
# SQLModel's has all that SQLAlchemy's has, and exec().
SESSION = "sqlmodel.ext.asyncio.session.AsyncSession"
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
        sessions = session_mocks(program, function)
        for node in function.own_nodes():
            if isinstance(node, ast.Assign):
                message = _plain_method(program, function, node) or _set_up(program, node.targets[0], sessions)
                if message:
                    yield finding(function.source, node, CODE, message)
    for patch in program.interpreter.mocks.patches:
        place = program.function_around(patch.node)
        if place is not None and is_test_code(place) and _replaces_coroutine(program, patch):
            message = (
                f"{patch.name} is awaited, and what stands in for it can't be: use an AsyncMock or an async function"
            )
            yield finding(place.source, patch.node, CODE, message)


def _plain_method(program: Program, function: Function, node: ast.Assign) -> str:
    """`store.save = Mock()`, where only coroutine functions are called so"""
    match node:
        case ast.Assign(targets=[ast.Attribute(value=owner, attr=name) as target], value=ast.Call() as made):
            if name in async_names(program) and _is_plain(program, made) and _is_mock(program, owner):
                return f"{function.source.text(target)} is awaited: it has to be an AsyncMock"
    return ""


def _replaces_coroutine(program: Program, patch: Patch) -> bool:
    """Does a patch put something that can't be awaited in the place of a coroutine function?"""
    real = replaced(program, patch)
    if not real or not all(gives_coroutine(program, f) for f in real) or not patch.replacement:
        return False
    return all(_cannot_be_awaited(program, value) for value in patch.replacement)


def _cannot_be_awaited(program: Program, value: Value) -> bool:
    match value:
        case FunctionObject(key=key):
            fake = program.function(key)
            returned = program.interpreter.store.peek("return", key)
            return not (fake.is_async or fake.is_generator) and not any(isinstance(v, Awaitable) for v in returned)
        case Mock(kind=kind, spec=spec, path=path):
            made = program.interpreter.mocks.made.get(value.origin)
            return (
                kind in PLAIN
                and not spec
                and not path
                and made is not None
                and all(map(_is_plain_result, made.keywords))
            )
    return False


def _is_plain_result(keyword: ast.keyword) -> bool:
    """`return_value=3`, which can't be awaited."""
    plain = (ast.Constant, ast.List, ast.Dict, ast.Tuple, ast.Set, ast.JoinedStr)
    return keyword.arg == "name" or (keyword.arg == "return_value" and isinstance(keyword.value, plain))


def _is_plain(program: Program, node: ast.expr) -> bool:
    values = program.values(node)
    return bool(values) and all(isinstance(v, Mock) and v.kind in PLAIN and not v.spec and not v.path for v in values)


def _is_mock(program: Program, node: ast.expr) -> bool:
    return any(isinstance(v, Mock) for v in program.values(node))


def session_mocks(program: Program, function: Function) -> dict[str, ast.expr]:
    """The mocks that a function gives to async code for its async session, by name."""
    found: dict[str, ast.expr] = {}
    for node in function.own_nodes():
        if isinstance(node, ast.Call):
            for value in program.values(node.func):
                if isinstance(value, FunctionObject):
                    for argument in _given_as_session(program, program.function(value.key), node):
                        found[argument.id] = argument
    return found


def _given_as_session(program: Program, callee: Function, node: ast.Call) -> Iterator[ast.Name]:
    if not runs_on_loop(program, callee):
        return
    for name, argument in bound(callee, node).items():
        if isinstance(argument, ast.Name) and _is_mock(program, argument):
            values = program.parameter(callee, name)
            if program.is_session(values) and is_async_database(program, values):
                yield argument


def _set_up(program: Program, target: ast.expr, sessions: Mapping[str, ast.expr]) -> str:
    """What is wrong with `session.query.return_value… = …`, or with `session.execute.return_value = …` of a Mock."""
    root, names = attributes(target)
    if root not in sessions or names[1:2] not in (["return_value"], ["side_effect"]):
        return ""
    if names[0] == "query":
        return f"{root} stands for an AsyncSession, whose query() is never called: mock what execute() gives"
    known = library().method(SESSION, names[0])
    if known and known.returns.startswith("await[") and _is_plain(program, sessions[root]):
        return f"{root} stands for an AsyncSession: {names[0]}() is awaited and has to be an AsyncMock"
    return ""


def attributes(target: ast.expr) -> tuple[str, list[str]]:
    """The name that attributes are read of, and those, the first one first; calls between are left out."""
    names: list[str] = []
    while isinstance(target, ast.Attribute | ast.Call):
        if isinstance(target, ast.Attribute):
            names.append(target.attr)
        target = target.value if isinstance(target, ast.Attribute) else target.func
    return (target.id if isinstance(target, ast.Name) else ""), names[::-1]
