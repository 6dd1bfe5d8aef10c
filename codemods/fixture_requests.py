"""A fixture that becomes async is asked for by parameter: `getfixturevalue` can't run it inside of a running loop.

def test_user(request):                           async def test_user(request, user):
    admin = request.getfixturevalue("user")  ->       admin = user
"""

from __future__ import annotations

import ast
from collections.abc import Iterator

from ..analysis.decisions import Confidence, Decision, Status
from ..analysis.fixtures import is_test
from ..analysis.program import Program
from ..analysis.source import Source
from ..analysis.symbols import Function
from .edit import Edit, Replace

NAME = "fixture-requests"
CONCERN = "the fixture is made whenever this runs, also where `getfixturevalue` was not reached"
DYNAMIC = "an async fixture can't be asked for inside of a running loop, and it is not known which one this is"


def decide(program: Program) -> Iterator[Decision]:
    """A decision for each `getfixturevalue` in what becomes async, of a fixture that needs the loop."""
    for function in program.functions:
        if program.is_async_after(function):
            for node in function.own_nodes():
                if isinstance(node, ast.Call) and _is_request(node):
                    yield from _decisions(program, function, node)


def _is_request(node: ast.Call) -> bool:
    return isinstance(node.func, ast.Attribute) and node.func.attr == "getfixturevalue" and len(node.args) == 1


def _decisions(program: Program, function: Function, node: ast.Call) -> Iterator[Decision]:
    name = _fixture(node)
    is_named = name and (is_test(function) or function in program.interpreter.fixtures.functions)
    fixtures = program.interpreter.fixtures.lookup(function, name)
    if is_named and not any(_needs_loop(program, f, set()) for f in fixtures):
        return
    yield Decision(
        NAME,
        function.source.site(node),
        f"ask for `{name}` by parameter" if is_named else "left as it is",
        Status.DONE if is_named else Status.DECLINED,
        Confidence.MEDIUM,
        CONCERN if is_named else DYNAMIC,
        program.colours.chain(function),
        function.qualname,
        node=node,
    )


def _fixture(node: ast.Call) -> str:
    match node.args[0]:
        case ast.Constant(value=str(name)):
            return name
    return ""


def _needs_loop(program: Program, fixture: Function, seen: set[Function]) -> bool:
    """Is a fixture async after the migration, or one of those that it asks for?"""
    if fixture in seen:
        return False
    seen.add(fixture)
    asked = [f for p in fixture.parameters() for f in program.interpreter.fixtures.lookup(fixture, p.arg)]
    return program.is_async_after(fixture) or any(_needs_loop(program, f, seen) for f in asked)


def rewrite(decision: Decision, program: Program) -> Iterator[Edit]:
    """The parameter's name in place of the call, and the parameters that the function lacks."""
    source = program.sources[decision.site.path]
    node = decision.node
    assert isinstance(node, ast.Call)
    yield _without_call(source, node)
    function = program.function_at(source, node)
    assert function is not None
    known = {p.arg for p in function.parameters()}
    asked = {_fixture(d.node) for d in decide(program) if _is_of(d, decision) and isinstance(d.node, ast.Call)}
    request = next((p for p in function.parameters() if p.arg == "request"), None)
    if request is not None and asked - known:
        end = source.span(request)[1]
        yield Replace(end, end, "".join(f", {name}" for name in sorted(asked - known)))


def _without_call(source: Source, node: ast.Call) -> Replace:
    """The parameter instead of the call; no statement at all where it would say `user = user`."""
    statement = source.parents[node]
    match statement:
        case ast.Assign(targets=[ast.Name(id=name)]) if name == _fixture(node):
            start = source.offset(statement.lineno, 0)
            end = source.content.find(b"\n", source.span(statement)[1]) + 1
            body = getattr(source.parents[statement], "body", [])
            is_alone = source.content[start:end].strip() == source.text(statement).encode()
            if is_alone and end and len(body) > 1:
                return Replace(start, end, "")
    return Replace(*source.span(node), _fixture(node))


def _is_of(one: Decision, other: Decision) -> bool:
    return one.status is Status.DONE and (one.site.path, one.function) == (other.site.path, other.function)
