"""`unittest.TestCase`s with tests that await become `IsolatedAsyncioTestCase`s.

class TestUsers(TestCase):               class TestUsers(IsolatedAsyncioTestCase):
    def setUp(self):                         async def asyncSetUp(self):
        self.db = Session()                      self.db = Session()
        self.addCleanup(self.db.close)  ->       self.addAsyncCleanup(self.db.close)
        self.user = add_user(self.db)            self.user = await add_user(self.db)
"""

from __future__ import annotations

import ast
from collections.abc import Iterator

from ..analysis.decisions import Decision, Status
from ..analysis.handing import functions_of, handed
from ..analysis.program import Program
from ..analysis.source import Source
from ..analysis.symbols import Class, Function, decorator_name
from ..analysis.values import ClassObject, External
from ..analysis.xunit import AWAITED, TEST_CASE, is_unittest
from .arguments import arguments
from .edit import Edit, Replace
from .imports import request

NAME = "unittest-cases"
ASYNC_CASE = "IsolatedAsyncioTestCase"


def decide(program: Program) -> Iterator[Decision]:
    """Decisions on the bases, the setups and the cleanups of test cases."""
    for cls in program.interpreter.objects.classes.values():
        if is_unittest(program, cls) and not program.stays_sync(cls.scope):
            yield from _decisions(program, cls)


def _decisions(program: Program, cls: Class) -> Iterator[Decision]:
    if _awaits(program, cls):
        for base in cls.node.bases:
            if _is_test_case(program, base):
                yield _decision(cls.scope, base, "base", f"derive the test case from {ASYNC_CASE}")
    for method in cls.methods.values():
        if method in program.colours.reasons:
            if method.name in AWAITED:
                yield _decision(method, method.node, "setup", f"{method.name} is awaited as {AWAITED[method.name]}")
            if any(decorator_name(d) == "given" for d in method.decorators):
                concern = "hypothesis does not run the async tests of a unittest.TestCase"
                yield _decision(method, method.node, "", "left as it is", Status.DECLINED, concern)
        for node in method.own_nodes():
            yield from _calls(program, method, node)


def _calls(program: Program, method: Function, node: ast.AST) -> Iterator[Decision]:
    match node:
        case ast.Call(func=ast.Attribute(attr=name) as func) if name in AWAITED and _is_awaited(program, method, node):
            yield _decision(method, func, "call", f"call it by its new name, {AWAITED[name]}")
        case ast.Call() if _is_async_cleanup(program, node):
            yield _cleanup(method, node)


def _cleanup(method: Function, node: ast.Call) -> Decision:
    match node.args[0]:
        case ast.Lambda(body=ast.Call() as body) if not all(isinstance(a, ast.Name | ast.Constant) for a in body.args):
            concern = "unittest awaits only what is a coroutine function, and a lambda is none"
            return _decision(method, node, "", "left as it is", Status.DECLINED, concern)
    return _decision(method, node, "cleanup", "the cleanup is awaited")


def _decision(
    function: Function, node: ast.AST, kind: str, action: str, status: Status = Status.DONE, concern: str = ""
) -> Decision:
    assert isinstance(node, ast.expr | ast.stmt)
    return Decision(
        NAME, function.source.site(node), action, status, concern=concern, function=function.qualname,
        data={"kind": kind}, node=node,
    )  # fmt: skip


def _awaits(program: Program, cls: Class) -> bool:
    """Does the class, one above it or one below it, await in a test, a setup or a cleanup?"""
    objects = program.interpreter.objects
    related = {key for below in (cls.key, *objects.descendants(cls.key)) for key in objects.ancestry(below)}
    methods = [m for key in related if key in objects.classes for m in objects.classes[key].methods.values()]
    return any(
        m in program.colours.reasons
        or m.name in AWAITED.values()
        or any(_is_async_cleanup(program, n) for n in m.own_nodes())
        for m in methods
    )


def _is_test_case(program: Program, base: ast.expr) -> bool:
    return any(
        (isinstance(v, ClassObject) and v.cls == TEST_CASE) or (isinstance(v, External) and v.name == TEST_CASE)
        for v in program.values(base)
    )


def _is_awaited(program: Program, method: Function, node: ast.Call) -> bool:
    sites = program.colours.sites_of(method)
    return any(s.node is node and s.callee and is_unittest(program, s.callee.owner) for s in sites)


def _is_async_cleanup(program: Program, node: ast.AST) -> bool:
    if not isinstance(node, ast.Call) or (found := handed(node)) is None or found[0] != "cleanup":
        return False
    return any(f is None or f in program.colours.reasons for f in functions_of(program, found[1]))


# Rewriting


def rewrite(decision: Decision, program: Program) -> Iterator[Edit]:
    """The edits of one base, setup or call."""
    source = program.sources[decision.site.path]
    match decision.data["kind"], decision.node:
        case "base", ast.expr() as base:
            text, wanted = request(source, "unittest", ASYNC_CASE, at=base)
            yield Replace(*source.span(base), text)
            if wanted:
                yield wanted
        case "setup", ast.FunctionDef(name=name) as node:
            start = source.content.index(name.encode(), source.span(node)[0])
            yield Replace(start, start + len(name), AWAITED[name])
        case "call", ast.Attribute(attr=name) as node:
            yield _renamed(source, node, AWAITED[name])
        case "cleanup", ast.Call(func=ast.Attribute() as func, args=[given, *_]):
            yield _renamed(source, func, "addAsyncCleanup")
            if isinstance(given, ast.Lambda):
                yield from _without_lambda(source, given)


def _renamed(source: Source, node: ast.Attribute, name: str) -> Replace:
    end = source.span(node)[1]
    return Replace(end - len(node.attr), end, name)


def _without_lambda(source: Source, node: ast.Lambda) -> Iterator[Replace]:
    """`lambda: close(a)` -> `close, a`: unittest awaits coroutine functions, and a lambda is none."""
    assert isinstance(node.body, ast.Call)
    called, given = node.body.func, arguments(node.body)
    start, end = source.span(node)
    yield Replace(start, source.span(called)[0], "")
    if given:
        yield Replace(source.span(called)[1], source.span(given[0])[0], ", ")
        yield Replace(source.span(given[-1])[1], end, "")
    else:
        yield Replace(source.span(called)[1], end, "")
