"""A TestClient asks the application, and the test prepares its in-memory database on another event loop.

The client runs the application on a loop of its own, in a thread. Tables and rows that an async fixture or test has
made are in a database that lives in one connection, which belongs to the other loop: it is empty, or locked, or raises
"attached to a different loop". Ask with `httpx.AsyncClient(transport=ASGITransport(app))` on the loop of the test.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator

from ...analysis.fixtures import is_test
from ...analysis.program import Program
from ...analysis.symbols import Function
from ...analysis.values import ClassObject, External
from ..finding import Finding, finding
from ..rule import Example

CODE = "AS804"
NAME = "client-on-another-loop"
MAKERS = frozenset({"sqlalchemy.ext.asyncio.create_async_engine"})
CLIENT = "fastapi.testclient.TestClient"

EXAMPLES = (
    Example(
        path="tests/test_app.py",
        bad="""\
import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient
from sqlalchemy import MetaData
from sqlalchemy.ext.asyncio import create_async_engine

app = FastAPI()
metadata = MetaData()
engine = create_async_engine("sqlite+aiosqlite:///:memory:")


@pytest.fixture
async def tables():
    async with engine.begin() as connection:
        await connection.run_sync(metadata.create_all)


def test_it(tables) -> None:
    assert TestClient(app).get("/").status_code == 404  # AS804
""",
        good="""\
import pytest
from fastapi import FastAPI
from httpx import ASGITransport, AsyncClient
from sqlalchemy import MetaData
from sqlalchemy.ext.asyncio import create_async_engine

app = FastAPI()
metadata = MetaData()
engine = create_async_engine("sqlite+aiosqlite:///:memory:")


@pytest.fixture
async def tables():
    async with engine.begin() as connection:
        await connection.run_sync(metadata.create_all)


async def test_it(tables) -> None:
    async with AsyncClient(transport=ASGITransport(app), base_url="http://test") as client:
        assert (await client.get("/")).status_code == 404
""",
    ),
)


def find(program: Program) -> Iterator[Finding]:
    seen: set[ast.AST] = set()
    for test in filter(is_test, program.functions):
        asked = program.interpreter.fixtures.asked_for(test)
        if any(_prepares(program, function) for function in asked):
            for function in asked:
                for node in function.own_nodes():
                    if isinstance(node, ast.Call) and _is_client(program, node) and node not in seen:
                        seen.add(node)
                        message = "the client runs the application on another event loop than the test its database"
                        yield finding(function.source, node, CODE, message)


def _prepares(program: Program, function: Function) -> bool:
    """Does it work with an in-memory engine, which its file makes, on the loop of the test?"""
    return (
        function.is_async
        and any(isinstance(n, ast.AsyncWith) for n in function.own_nodes())
        and any(_is_in_memory(program, node) for node in function.source.nodes)
    )


def _is_in_memory(program: Program, node: ast.AST) -> bool:
    """`create_async_engine("sqlite+aiosqlite://")`, with the URL there or in a variable."""
    if not isinstance(node, ast.Call) or not node.args:
        return False
    makes = any(isinstance(v, External) and v.name in MAKERS for v in program.values(node.func))
    return makes and any(_names_memory(text) for text in _texts(program, node))


def _texts(program: Program, node: ast.Call) -> Iterator[str]:
    url = node.args[0]
    if isinstance(url, ast.Constant):
        yield str(url.value)
    elif isinstance(url, ast.Name):
        source = next(s for s in program.sources.values() if node in s.parents)
        for statement in source.tree.body:
            match statement:
                case ast.Assign(targets=[ast.Name(id=name)], value=ast.Constant(value=str(text))) if name == url.id:
                    yield text


def _names_memory(url: str) -> bool:
    return ":memory:" in url or url.rstrip("/") in {"sqlite+aiosqlite:", "sqlite+aiosqlite"}


def _is_client(program: Program, node: ast.Call) -> bool:
    is_a = program.interpreter.objects.is_a
    return any(isinstance(v, ClassObject) and is_a(v.cls, CLIENT) for v in program.values(node.func))
