"""pytest runs async tests and fixtures: modes, marks, fixture decorators, and one event loop for the suite.

    @pytest.fixture               @pytest_asyncio.fixture         (where the project's mode is strict)
    def user(db):            ->   async def user(db):

    def test_user(user):          @pytest.mark.asyncio
                                  async def test_user(user):

A project that has chosen no mode gets `asyncio_mode = auto`, and needs neither. Tests and fixtures of every scope share
the session's loop, because pooled connections work on no other; where pytest takes its settings from above the project,
each says so itself. Suites that are run by anyio stay with it; where both run tests, and anyio on asyncio alone,
pytest-asyncio runs all of them.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator

from ..analysis.decisions import Decision, Plan, Status
from ..analysis.fixtures import fixture_scope, is_test
from ..analysis.program import Program
from ..analysis.source import Site, Source
from ..analysis.symbols import Function, decorator_name
from ..analysis.xunit import fixture_scope_of, is_unittest
from .arguments import change, keyword
from .edit import Edit, Replace
from .imports import request
from .pytest_loop import appended, narrow_loops, new_file, one_loop
from .pytest_mode import anyio_marks, is_marked, settings, uses_anyio

NAME = "pytest-suite"
SCOPES = ["function", "class", "module", "package", "session"]


def decide(program: Program) -> Iterator[Decision]:
    """Decisions on the settings, and on the tests and fixtures that become async."""
    changed = [f for f in program.colours.reasons if isinstance(f.node, ast.FunctionDef)]
    tests = [f for f in changed if is_test(f) and not is_unittest(program, f.owner)]
    fixtures = [f for f in changed if f in program.interpreter.fixtures.functions]
    setups = [f for f in changed if fixture_scope_of(program, f)]
    if not (tests or fixtures or setups):
        return
    if uses_anyio(program):
        yield from _anyio(program, tests, fixtures)
        return
    edited = settings(program)
    if edited.files:
        loops = "one event loop for the suite" if edited.loop_scope != "function" else "an event loop for each test"
        what = f"asyncio_mode = {edited.mode}, {loops}"
        yield Decision(NAME, Site(edited.path, 1, 0, 1, 0), what, data={"kind": "settings"})
    loop = one_loop(program, [*tests, *fixtures, *setups])
    if loop is not None:
        yield Decision(NAME, loop.site, loop.action, data={"kind": "loop", "text": loop.text})
    for own in narrow_loops(program):
        if own.parameters():
            concern = "pooled connections work on one event loop alone: it has to have the scope of the session"
            yield _decision(own, "", "left as it is", Status.DECLINED, concern)
        else:
            yield _decision(own, "scope session", "one event loop for the suite")
    for source, mark in anyio_marks(program):
        yield Decision(
            NAME, source.site(mark), "run it by pytest-asyncio, as others are", data={"kind": "join"}, node=mark
        )
    if edited.mode == "strict" or edited.named_loop:
        for test in tests:
            yield from _mark(program, test, "asyncio", edited.named_loop)
    for fixture in fixtures:
        scope = fixture_scope(fixture)
        if edited.loop_scope in SCOPES and scope in SCOPES[SCOPES.index(edited.loop_scope) + 1 :]:
            apart = f"it runs on a loop of its own: the project runs {edited.loop_scope} by {edited.loop_scope}"
            wide, concern = ("session", "") if loop is not None else (scope, apart)
            yield _decision(fixture, f"fixture {wide}", f"give it a loop of {wide} scope", concern=concern)
        elif edited.mode == "strict" or edited.named_loop:
            yield _decision(fixture, f"fixture {edited.named_loop}", "make it a fixture of pytest-asyncio")


def _anyio(program: Program, tests: list[Function], fixtures: list[Function]) -> Iterator[Decision]:
    for test in tests:
        yield from _mark(program, test, "anyio")
    widest = max(fixtures, key=_breadth, default=None)
    if widest is None:
        return
    scope = fixture_scope(widest)
    narrow = [b for b in program.interpreter.fixtures.by_name["anyio_backend"] if _breadth(b) < _breadth(widest)]
    if any(b.parameters() for b in narrow):
        concern = f"an async fixture of {scope} scope needs an `anyio_backend` fixture of that scope"
        yield _decision(widest, "", "left as it is", Status.DECLINED, concern)
        return
    for backend in narrow:
        yield _decision(backend, f"scope {scope}", f"give it the scope of the widest async fixture, {widest.name}")


def _breadth(fixture: Function) -> int:
    scope = fixture_scope(fixture)
    return SCOPES.index(scope) if scope in SCOPES else 0


def _mark(program: Program, test: Function, mark: str, loop_scope: str = "") -> Iterator[Decision]:
    if not is_marked(test, mark):
        mark += f'(loop_scope="{loop_scope}")' if loop_scope else ""
        yield _decision(test, f"mark {mark}", f"mark the test with @pytest.mark.{mark}")


def _decision(function: Function, kind: str, action: str, status: Status = Status.DONE, concern: str = "") -> Decision:
    return Decision(
        NAME, function.site(), action, status, concern=concern, function=function.qualname, data={"kind": kind},
        node=function.node,
    )  # fmt: skip


# Rewriting


def rewrite(decision: Decision, program: Program) -> Iterator[Edit]:
    """The edits of one test, fixture or conftest."""
    kind = decision.data["kind"]
    if kind == "loop":
        source = program.sources.get(decision.site.path)
        if source is not None:
            yield from appended(source, decision.data["text"])
        return
    node = decision.node
    if isinstance(node, ast.Attribute):
        source = program.sources[decision.site.path]
        yield Replace(source.span(node.value)[1], source.span(node)[1], ".asyncio")
    if not isinstance(node, ast.FunctionDef):
        return
    source = program.sources[decision.site.path]
    if kind.startswith("fixture "):
        yield from _async_fixture(source, node, kind.removeprefix("fixture "))
    elif kind.startswith("scope "):
        yield from _of_scope(source, node, kind.removeprefix("scope "))
    elif kind.startswith("mark "):
        yield from _marked(source, node, kind.removeprefix("mark "))


def _marked(source: Source, node: ast.FunctionDef, mark: str) -> Iterator[Edit]:
    text, wanted = request(source, "pytest", None, at=node)
    first = min([node.lineno, *(d.lineno for d in node.decorator_list)])
    start = source.offset(first, 0)
    yield Replace(start, start, f"{source.indentation(node)}@{text}.mark.{mark}\n")
    if wanted:
        yield wanted


def _of_scope(source: Source, node: ast.FunctionDef, scope: str) -> Iterator[Edit]:
    for decorator in node.decorator_list:
        if decorator_name(decorator) != "fixture":
            continue
        if isinstance(decorator, ast.Call):
            narrower = keyword(decorator, "scope")
            yield from change(source, decorator, [narrower] if narrower else [], [f'scope="{scope}"'])
        else:
            end = source.span(decorator)[1]
            yield Replace(end, end, f'(scope="{scope}")')


def _async_fixture(source: Source, node: ast.FunctionDef, loop_scope: str) -> Iterator[Edit]:
    for decorator in node.decorator_list:
        maker = decorator.func if isinstance(decorator, ast.Call) else decorator
        if decorator_name(decorator) in {"fixture", "yield_fixture"}:
            text, wanted = request(source, "pytest_asyncio", None, at=node)
            yield Replace(*source.span(maker), f"{text}.fixture")
            if loop_scope and isinstance(decorator, ast.Call):
                yield from change(source, decorator, [], [f'loop_scope="{loop_scope}"'])
            elif loop_scope:
                end = source.span(maker)[1]
                yield Replace(end, end, f'(loop_scope="{loop_scope}")')
            if wanted:
                yield wanted


def project_files(program: Program, plan: Plan, changed: dict[str, bytes]) -> dict[str, bytes]:
    """The pytest settings, and a conftest.py that did not exist."""
    files: dict[str, bytes] = {}
    for decision in plan.only([NAME]):
        if decision.data["kind"] == "settings":
            files |= settings(program, changed).files
        elif decision.data["kind"] == "loop" and decision.site.path not in program.sources:
            files[decision.site.path] = new_file(decision.data["text"])
    return files
