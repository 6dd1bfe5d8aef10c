"""Async fixtures of a scope that pytest-asyncio 0.23 can't serve get the scope of the session.

    @pytest.fixture(scope="module")          @pytest.fixture(scope="session")
    def client():                    ->      async def client():

That version has a loop for each module and each class, and binds an async fixture to the loop of the first module that
uses it: elsewhere the fixture is not found. Other versions need none of this.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator

from packaging.version import Version

from ..analysis.decisions import Confidence, Decision
from ..analysis.fixtures import fixture_scope
from ..analysis.program import Program
from ..analysis.symbols import Function, decorator_name
from .edit import Edit, Replace
from .pytest_mode import uses_anyio
from .pytest_settings import newest

NAME = "fixture-scopes"
SERVED = {"function", "session"}
SINCE, BEFORE = Version("0.23"), Version("0.24")


def decide(program: Program) -> Iterator[Decision]:
    """A decision for each fixture that gets a wider scope."""
    version = newest(program.root, list(program.sources))
    if version is None or not SINCE <= version < BEFORE or uses_anyio(program):
        return
    for fixture in _widened(program):
        scope = fixture_scope(fixture)
        yield Decision(
            NAME,
            fixture.site(),
            'give it the scope "session"',
            confidence=Confidence.MEDIUM,
            concern=f"it is made once, no longer for each {scope}: pytest-asyncio {version} can't serve that scope",
            why=program.colours.chain(fixture),
            function=fixture.qualname,
            node=fixture.node,
        )


def _widened(program: Program) -> list[Function]:
    """The async fixtures that can't keep their scope, and what they ask for."""
    fixtures = program.interpreter.fixtures
    pending = [f for f in sorted(fixtures.functions, key=lambda f: f.key) if _is_unserved(program, f)]
    found: dict[Function, None] = {}
    while pending:
        fixture = pending.pop(0)
        if fixture not in found and fixture_scope(fixture) not in SERVED:
            found[fixture] = None
            pending += [f for p in fixture.parameters() for f in fixtures.lookup(fixture, p.arg)]
    return list(found)


def _is_unserved(program: Program, fixture: Function) -> bool:
    return program.is_async_after(fixture) and fixture_scope(fixture) not in SERVED


def rewrite(decision: Decision, program: Program) -> Iterator[Edit]:
    """Write the scope."""
    source = program.sources[decision.site.path]
    node = decision.node
    assert isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
    for decorator in node.decorator_list:
        if isinstance(decorator, ast.Call) and decorator_name(decorator) == "fixture":
            for keyword in decorator.keywords:
                if keyword.arg == "scope" and isinstance(keyword.value, ast.Constant):
                    text = source.text(keyword.value)
                    yield Replace(*source.span(keyword.value), text.replace(str(keyword.value.value), "session"))
