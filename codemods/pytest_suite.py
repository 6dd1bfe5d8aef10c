"""pytest runs async tests and fixtures: modes, marks, fixture decorators, and one event loop for the suite.

    @pytest.fixture               @pytest_asyncio.fixture         (where the project's mode is strict)
    def user(db):            ->   async def user(db):

    def test_user(user):          @pytest.mark.asyncio
                                  async def test_user(user):

A project that has chosen no mode gets `asyncio_mode = auto`, and needs neither. Tests and fixtures of every scope share
the session's loop, because pooled connections work on no other. Suites that are run by anyio stay with it.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator

from ..analysis.decisions import Decision, Plan, Status
from ..analysis.fixtures import fixture_scope, is_test
from ..analysis.program import Program
from ..analysis.source import Site, Source
from ..analysis.symbols import Function, decorator_name
from .edit import Edit, Replace
from .imports import request
from .pytest_loop import OneLoop, one_loop
from .pytest_settings import edit_settings

NAME = "pytest-suite"
LOOP_SCOPE = "session"


def decide(program: Program) -> Iterator[Decision]:
    """Decisions on the settings, and on the tests and fixtures that become async."""
    changed = [f for f in program.colours.reasons if isinstance(f.node, ast.FunctionDef)]
    tests = [f for f in changed if is_test(f) and not is_unittest(program, f)]
    fixtures = [f for f in changed if f in program.interpreter.fixtures.functions]
    if not tests and not fixtures:
        return
    if uses_anyio(program):
        yield from _anyio(program, tests, fixtures)
        return
    edited = edit_settings(program.root, LOOP_SCOPE, strict=False, paths=program.sources)
    if edited.files:
        what = f"asyncio_mode = {edited.mode}, one event loop for the suite"
        yield Decision(NAME, Site(edited.path, 1, 0, 1, 0), what, data={"kind": "settings"})
    loop = one_loop(program, [*tests, *fixtures])
    if loop is not None:
        yield Decision(NAME, loop.site, loop.action, data={"kind": "loop"})
    if edited.mode == "strict":
        for test in tests:
            yield from _mark(program, test, "asyncio")
        for fixture in fixtures:
            yield _decision(fixture, "fixture", "make it a fixture of pytest-asyncio")


def _anyio(program: Program, tests: list[Function], fixtures: list[Function]) -> Iterator[Decision]:
    for test in tests:
        yield from _mark(program, test, "anyio")
    backends = program.interpreter.fixtures.by_name.get("anyio_backend", [])
    for fixture in fixtures:
        scope = fixture_scope(fixture)
        if scope in {"package", "session"} and not any(fixture_scope(b) == "session" for b in backends):
            concern = f"an async fixture of {scope} scope needs an `anyio_backend` fixture of session scope"
            yield _decision(fixture, "", "left as it is", Status.DECLINED, concern)


def _mark(program: Program, test: Function, mark: str) -> Iterator[Decision]:
    if not is_marked(test, mark):
        yield _decision(test, f"mark {mark}", f"mark the test with @pytest.mark.{mark}")


def _decision(
    function: Function, kind: str, action: str, status: Status = Status.DONE, concern: str = ""
) -> Decision:
    return Decision(
        NAME, function.site(), action, status, concern=concern, function=function.qualname, data={"kind": kind},
        node=function.node,
    )  # fmt: skip


# What the suite is


def uses_anyio(program: Program) -> bool:
    """Are the suite's async tests run by anyio's plugin?"""
    if program.interpreter.fixtures.by_name.get("anyio_backend"):
        return True
    return any(is_marked(f, "anyio") for f in program.functions if f.is_async and is_test(f))


def is_unittest(program: Program, function: Function) -> bool:
    """Is this a method of a `unittest.TestCase`?"""
    owner = function.owner
    return owner is not None and program.interpreter.objects.is_a(owner.key, "unittest.TestCase")


def is_marked(test: Function, mark: str) -> bool:
    """Does a test carry a mark, itself or through its class or module?"""
    owner = test.owner.node if test.owner else None
    decorators = [*test.decorators, *(owner.decorator_list if owner else [])]
    bodies = [test.source.tree.body, *([owner.body] if owner else [])]
    return any(_is_mark(d, mark) for d in decorators) or any(_module_mark(body, mark) for body in bodies)


def _is_mark(node: ast.expr, mark: str) -> bool:
    marker = node.func if isinstance(node, ast.Call) else node
    return isinstance(marker, ast.Attribute) and marker.attr == mark and _is_pytest_mark(marker.value)


def _is_pytest_mark(node: ast.expr) -> bool:
    return (node.attr if isinstance(node, ast.Attribute) else node.id if isinstance(node, ast.Name) else "") == "mark"


def _module_mark(body: list[ast.stmt], mark: str) -> bool:
    """Is there a `pytestmark = …` with the mark among the statements?"""
    for statement in body:
        if isinstance(statement, ast.Assign) and any(_is_pytestmark(t) for t in statement.targets):
            value = statement.value
            marks = value.elts if isinstance(value, ast.List | ast.Tuple) else [value]
            if any(_is_mark(m, mark) for m in marks):
                return True
    return False


def _is_pytestmark(node: ast.expr) -> bool:
    return isinstance(node, ast.Name) and node.id == "pytestmark"


# Rewriting


def rewrite(decision: Decision, program: Program) -> Iterator[Edit]:
    """The edits of one test, fixture or conftest."""
    kind = decision.data["kind"]
    if kind == "loop":
        source = program.sources.get(decision.site.path)
        if source is not None:
            yield from _loop(program).appended(source)
        return
    node = decision.node
    if not isinstance(node, ast.FunctionDef):
        return
    source = program.sources[decision.site.path]
    if kind == "fixture":
        yield from _async_fixture(source, node)
    elif kind.startswith("mark "):
        yield from _marked(source, node, kind.removeprefix("mark "))


def _marked(source: Source, node: ast.FunctionDef, mark: str) -> Iterator[Edit]:
    text, wanted = request(source, "pytest", None, at=node)
    first = min([node.lineno, *(d.lineno for d in node.decorator_list)])
    start = source.offset(first, 0)
    yield Replace(start, start, f"{source.indentation(node)}@{text}.mark.{mark}\n")
    if wanted:
        yield wanted


def _async_fixture(source: Source, node: ast.FunctionDef) -> Iterator[Edit]:
    for decorator in node.decorator_list:
        maker = decorator.func if isinstance(decorator, ast.Call) else decorator
        if decorator_name(decorator) in {"fixture", "yield_fixture"}:
            text, wanted = request(source, "pytest_asyncio", None, at=node)
            yield Replace(*source.span(maker), f"{text}.fixture")
            if wanted:
                yield wanted


def _loop(program: Program) -> OneLoop:
    changed = [f for f in program.colours.reasons if is_test(f) or f in program.interpreter.fixtures.functions]
    loop = one_loop(program, changed)
    assert loop is not None
    return loop


def project_files(program: Program, plan: Plan, changed: dict[str, bytes]) -> dict[str, bytes]:
    """The pytest settings, and a conftest.py that did not exist."""
    files: dict[str, bytes] = {}
    for decision in plan.only([NAME]):
        if decision.data["kind"] == "settings":
            files |= edit_settings(program.root, LOOP_SCOPE, False, program.sources, changed).files
        elif decision.data["kind"] == "loop" and decision.site.path not in program.sources:
            files[decision.site.path] = _loop(program).new_file()
    return files
