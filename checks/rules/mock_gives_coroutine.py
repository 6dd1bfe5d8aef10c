"""An AsyncMock stands where the code does not await.

A call of it gives a coroutine: true in a condition, without the attributes that the code reads, and never awaited. The
rows of a result come without waiting, and so does what a plain function gives: use a Mock there, and an AsyncMock only
for what is awaited.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator

from ...analysis.library import library
from ...analysis.mocks import Patch
from ...analysis.program import Program
from ...analysis.stand_ins import is_test_code, replaced
from ...analysis.symbols import Function
from ...analysis.values import Awaitable, Mock, Value
from ..finding import Finding, finding
from ..rule import Example
from .mock_not_awaitable import SESSION, attributes, session_mocks

CODE = "AS803"
NAME = "mock-gives-coroutine"
# What a session gives when it is awaited, and is read without await.
GIVING = {"execute", "exec", "scalars"}
RETURNED = frozenset({"return_value", "side_effect"})

EXAMPLES = (
    Example(
        path="test_orders.py",
        bad="""\
from unittest.mock import AsyncMock

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession


async def first(db: AsyncSession) -> int | None:
    return (await db.execute(text("select 1"))).scalars().first()


async def test_first() -> None:
    db = AsyncMock()
    db.execute.return_value.scalars.return_value.first.return_value = 1  # AS803
    assert await first(db) == 1
""",
        good="""\
from unittest.mock import AsyncMock, MagicMock

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession


async def first(db: AsyncSession) -> int | None:
    return (await db.execute(text("select 1"))).scalars().first()


async def test_first() -> None:
    db = AsyncMock()
    db.execute.return_value = MagicMock()
    db.execute.return_value.scalars.return_value.first.return_value = 1
    assert await first(db) == 1
""",
    ),
    Example(
        path="test_app.py",
        bad="""\
from unittest.mock import AsyncMock, MagicMock, patch

import app


def price(name: str) -> int:
    return len(name)


async def test_total() -> None:
    session = MagicMock()
    session.execute = AsyncMock()
    session.execute.return_value = AsyncMock()  # AS803
    session.execute.return_value.scalars.return_value.all.return_value = []


async def test_price() -> None:
    with patch("test_app.price", AsyncMock(return_value=3)):  # AS803
        assert price("tea") == 3
""",
        good="""\
from unittest.mock import AsyncMock, MagicMock, Mock, patch

import app


def price(name: str) -> int:
    return len(name)


async def test_total() -> None:
    session = MagicMock()
    session.execute = AsyncMock()
    session.execute.return_value = MagicMock()
    session.execute.return_value.scalars.return_value.all.return_value = []


async def test_price() -> None:
    with patch("test_app.price", Mock(return_value=3)):
        assert price("tea") == 3
""",
    ),
)


def find(program: Program) -> Iterator[Finding]:
    for function in filter(is_test_code, program.functions):
        yield from _chains(program, function)
        for node in function.own_nodes():
            match node:
                case ast.Assign(targets=[ast.Attribute(value=ast.Attribute(attr=method), attr=kind)], value=made):
                    if kind in RETURNED and _gives_result(method) and _is_async(program, made):
                        message = f"{method}() gives a result whose rows nobody awaits: use a MagicMock"
                        yield finding(function.source, node, CODE, message)
    for patch in program.interpreter.mocks.patches:
        place = program.function_around(patch.node)
        if place is not None and is_test_code(place) and _replaces_plain_function(program, patch):
            message = f"{patch.name}() is called without await, and what stands in for it gives a coroutine: use a Mock"
            yield finding(place.source, patch.node, CODE, message)


def _gives_result(method: str) -> bool:
    """Does a method of an AsyncSession give a result, once it is awaited?"""
    known = library().method(SESSION, method)
    return known is not None and known.returns.startswith("await[") and method in {*GIVING, "stream"}


def _chains(program: Program, function: Function) -> Iterator[Finding]:
    """`session.execute.return_value.scalars.return_value… = …` of an AsyncMock, whose children are such too."""
    mocks = {name for name, node in session_mocks(program, function).items() if _is_async(program, node)}
    targets = [t for n in function.own_nodes() if isinstance(n, ast.Assign) for t in n.targets] if mocks else []
    paths = {target: attributes(target) for target in targets}
    given = {(root, *names[:1]) for root, names in paths.values() if names[1:] in ([], ["return_value"])}
    for target, (root, names) in paths.items():
        if root in mocks and len(names) > 2 and names[0] in GIVING and (root, names[0]) not in given:
            what = f"what {root}.{names[0]}() gives is an AsyncMock"
            message = f"{what}, whose {names[2]}() nobody awaits: use a MagicMock"
            yield finding(function.source, target, CODE, message)


def _is_async(program: Program, node: ast.expr) -> bool:
    values = program.values(node)
    return bool(values) and all(_is_plain_async_mock(program, v) for v in values)


def _is_plain_async_mock(program: Program, value: Value) -> bool:
    return isinstance(value, Mock) and value.kind == "AsyncMock" and not value.spec and not value.path


def _replaces_plain_function(program: Program, patch: Patch) -> bool:
    """Does a patch put an AsyncMock in the place of a function whose calls nobody awaits?"""
    real = replaced(program, patch)
    return (
        bool(real)
        and bool(patch.replacement)
        and all(_is_plain_async_mock(program, v) for v in patch.replacement)
        and all(_gives_a_value(program, f) for f in real)
    )


def _gives_a_value(program: Program, function: Function) -> bool:
    """Is it a plain function, of which it is known that it gives nothing to await?"""
    node = function.node
    if not isinstance(node, ast.FunctionDef) or function.is_stub or function.is_property or function.decorators:
        return False
    returned = program.interpreter.store.peek("return", function.key)
    hint = ast.unparse(node.returns) if node.returns is not None else ""
    awaits = any(word in hint for word in ("Awaitable", "Coroutine", "Future", "Task", "Any"))
    return not awaits and not any(isinstance(v, Awaitable) for v in returned)
