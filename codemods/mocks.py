"""Mocks of what became async are awaitable, attribute by attribute.

    repo = Mock()                              repo = AsyncMock()
    repo.find.return_value = user              repo.find.return_value = user
    service = Service(repo)              ->    service = Service(repo)
    assert service.rename(1)                   assert await service.rename(1)
    repo.find.assert_called_once_with(1)       repo.find.assert_awaited_once_with(1)

A child of a mock becomes an AsyncMock when code that the mock is handed to awaits it from now on; children that are
called as before stay plain.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

from ..analysis.async_sites import AsyncSite
from ..analysis.decisions import Decision, Status
from ..analysis.mocks import AWAITED_ASSERTIONS, CALL, Path
from ..analysis.program import Program
from ..analysis.stand_ins import is_async_method
from ..analysis.symbols import Function
from ..analysis.values import External, FunctionObject, Instance, Mock, Value
from . import query_to_select
from .carried import as_data, carried
from .edit import Edit, Replace
from .mock_chains import Move, Moves
from .mock_classes import ClassMock, beside, class_mocks
from .mock_fixes import ASYNC_NAMES, fix
from .mock_kinds import ENTERING
from .mock_lambdas import StandIn, awaitable, stand_in_lambdas
from .mock_usage import MadeMock, Usage

NAME = "mocks"


def decide(program: Program) -> Iterator[Decision]:
    """Decisions for the mocks of the suite, and for the assertions about them."""
    return (d for d in _decided(program) if not program.stays_behind(d.site.path))


def _decided(program: Program) -> Iterator[Decision]:
    if not program.interpreter.mocks.made and not program.interpreter.mocks.patches:
        return
    for stand_in in stand_in_lambdas(program):
        yield _lambda(program, stand_in)
    usage = Usage(program, query_to_select.decide(program))
    moves = list(Moves(program, usage).all())
    for move in moves:
        if move.concern and not move.edits:
            usage.keep_queries(move.children)
    for made in usage.made.values():
        yield from _conflicts(program, made)
        yield from _made(program, made, usage)
    for move in moves:
        yield _moved(program, move)
    yield from _class_mocks(program, usage)
    for function in program.functions:
        for node in function.own_nodes():
            match node:
                case ast.Call(func=ast.Attribute() as callee):
                    yield from _assertion(program, usage, function, node, callee)
                case ast.Attribute(attr="__enter__" | "__exit__"):
                    yield from _entering(program, usage, function, node)


def rewrite(decision: Decision, program: Program) -> Iterator[Edit]:
    """The edits that were worked out when the decision was made."""
    yield from carried(decision)


def _decision(program: Program, function: Function, node: ast.expr, action: str, edits: list[Edit]) -> Decision:
    return Decision(
        NAME,
        function.source.site(node),
        action,
        function=function.qualname,
        data=as_data(edits),
        node=node,
    )


# Mocks


def _made(program: Program, made: MadeMock, usage: Usage) -> Iterator[Decision]:
    edits = fix(program, made, usage)
    if not edits:
        return
    awaited = {path: use.site for path, use in sorted(made.uses.items()) if use.is_async and use.site}
    names = ", ".join(filter(None, map(_spoken, awaited)))
    action = f"make {names} of the mock awaitable" if names else "make the mock awaitable"
    decision = _decision(program, made.function, made.node, action, edits)
    yield replace(decision, why=_why(program, next(iter(awaited.values()), None)))


def _why(program: Program, site: AsyncSite | None) -> tuple[Any, ...]:
    return program.colours.site_chain(site) if site else ()


def _spoken(path: Path) -> str:
    return "".join(name if name == CALL else f".{name}" for name in path).removeprefix(".")


def _conflicts(program: Program, made: MadeMock) -> Iterator[Decision]:
    """Children that are awaited in one place and called without in another."""
    for path, use in sorted(made.uses.items()):
        if use.is_async and use.is_called and use.site is not None:
            action = f"make {_spoken(path) or 'the mock'} awaitable"
            decision = _decision(program, made.function, made.node, action, [])
            concern = f"it is awaited at {use.site.step().site} and called without await elsewhere: use a mock for each"
            yield replace(decision, status=Status.DECLINED, concern=concern, why=_why(program, use.site))


# Lambdas


def _lambda(program: Program, stand_in: StandIn) -> Decision:
    """A lambda that stands in for what is awaited."""
    action = "make the lambda awaitable"
    decision = _decision(program, stand_in.function, stand_in.node, action, list(stand_in.edits))
    return replace(decision, why=program.colours.chain(program.interpreter.by_node[stand_in.node]))


# Legacy queries


def _moved(program: Program, move: Move) -> Decision:
    action = "set up the result that the code gets now"
    decision = _decision(program, move.function, move.node, action, list(move.edits))
    return replace(decision, status=Status.DECLINED, concern=move.concern) if move.concern else decision


def _class_mocks(program: Program, usage: Usage) -> Iterator[Decision]:
    """Mocks of mapped classes: a Query of a mocked session took them."""
    places: dict[ast.AST, tuple[ClassMock, set[str]]] = {}
    for mock in class_mocks(program, usage):
        if mock.call is not None:
            place = mock.made.source.parents[mock.call]
            places.setdefault(place, (mock, set()))[1].update(mock.targets)
            continue
        decision = _decision(program, mock.made.function, mock.made.node, "let a mock stand for a mapped class", [])
        concern = f"select() refuses a mock in the place of {mock.text}: patch what runs the query"
        yield replace(decision, status=Status.DECLINED, concern=concern)
    for mock, targets in places.values():
        edits = list(beside(mock, sorted(targets)))
        yield _decision(program, mock.made.function, mock.made.node, "let select() be a mock beside it", edits)


# Entering


def _entering(program: Program, usage: Usage, function: Function, node: ast.Attribute) -> Iterator[Decision]:
    """`factory.return_value.__enter__` becomes `__aenter__` where the code enters it with `async with` now."""
    site = _entering_site(usage, node)
    if site is not None:
        source, end = function.source, function.source.span(node)[1]
        edits: list[Edit] = [Replace(end - len(node.attr), end, ASYNC_NAMES[node.attr])]
        match source.parents[node]:
            case ast.Assign(value=ast.Lambda() as given):
                edits.extend(awaitable(source, given, "enter"))
        decision = _decision(program, function, node, f"set up {ASYNC_NAMES[node.attr]}", edits)
        yield replace(decision, why=_why(program, site))


def _entering_site(usage: Usage, node: ast.Attribute) -> AsyncSite | None:
    """Where the mock whose `__enter__` or `__exit__` this is is entered with `async with` now."""
    return next((use.entering for _, use in usage.at(node.value) if use.entering), None)


# Assertions


def _assertion(
    program: Program, usage: Usage, function: Function, node: ast.Call, callee: ast.Attribute
) -> Iterator[Decision]:
    """`assert_called…` of something that is awaited becomes `assert_awaited…`."""
    wanted = AWAITED_ASSERTIONS.get(callee.attr)
    if wanted is None or not _is_awaited(program, usage, callee.value):
        return
    end = function.source.span(callee)[1]
    edit = Replace(end - len(callee.attr), end, wanted)
    yield _decision(program, function, node, f"assert the await: {wanted}", [edit])


def _is_awaited(program: Program, usage: Usage, node: ast.expr) -> bool:
    """Is all that an expression can be awaited from now on?"""
    if isinstance(node, ast.Attribute) and node.attr in ENTERING:
        return _entering_site(usage, node) is not None
    uses = [use for _, use in usage.at(node)]
    if uses:
        return all(use.is_async and not use.is_called for use in uses)
    return any(_is_async_attribute(program, v) for v in program.values(node) if not isinstance(v, Mock))


def _is_async_attribute(program: Program, value: Value) -> bool:
    match value:
        case External(name=name, receiver=Instance(cls=cls)):
            return is_async_method(program, cls, name.rpartition(".")[2])
        case FunctionObject(key=key):
            return program.function(key) in program.colours.reasons
    return False
