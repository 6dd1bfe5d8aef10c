"""A mock in the place of a class whose constructor awaits gives its object to those who await it too.

@patch("shop.Report")                        @patch("shop.Report")
def test_totals(report_class):         ->    def test_totals(report_class):
    report_class.return_value.total = 7          report_class.create = AsyncMock(side_effect=report_class)
                                                 report_class.return_value.total = 7

What the mock gives when it is called, and what it remembers of its calls, stays as the test has it.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator

from ..analysis.decisions import Decision, Status
from ..analysis.program import Program
from ..analysis.source import Source
from ..analysis.symbols import Function
from ..analysis.values import Mock
from .carried import as_data, carried
from .constructors import class_method
from .edit import Edit, Replace
from .imports import request
from .mock_homes import holder_and_rest
from .mock_kinds import ASYNC, MOCK_MODULE
from .mock_usage import MadeMock

NAME = "mock-constructors"
CONCERN = (
    "what makes the object awaits {} now, which the mock in its place does not give: give it a name, and an AsyncMock"
)


def decide(program: Program) -> Iterator[Decision]:
    """A decision for each mock that is called to make an object, where a class method is awaited now."""
    places: dict[ast.expr, Decision] = {}
    for site in program.colours.sites():
        match site.kind, site.node:
            case "construct", ast.Call(func=called) if site.callee and program.colours.may_await(site.function):
                for mock in sorted((v for v in program.values(called) if isinstance(v, Mock)), key=repr):
                    node = program.interpreter.mocks.made.get(mock.origin)
                    if node is not None and not mock.path and node not in places:
                        places[node] = _decision(program, mock, node, site.callee)
    yield from places.values()


def rewrite(decision: Decision, program: Program) -> Iterator[Edit]:
    """The edits that were worked out when the decision was made."""
    yield from carried(decision)


def _decision(program: Program, mock: Mock, node: ast.Call, constructor: Function) -> Decision:
    source = program.sources[mock.origin.rsplit(":", 2)[0]]
    function = program.function_at(source, node) or program.interpreter.by_node[source.tree]
    name = class_method(constructor)
    edits = list(_given(program, MadeMock(source, function, node, mock, None), name))
    return Decision(
        NAME,
        source.site(node),
        f"let the mock's {name}() give what it gives itself",
        Status.DONE if edits else Status.DECLINED,
        concern="" if edits else CONCERN.format(f"{name}()"),
        why=program.colours.chain(constructor),
        function=function.qualname,
        data=as_data(edits),
        node=node,
    )


def _given(program: Program, made: MadeMock, name: str) -> Iterator[Edit]:
    home = holder_and_rest(program, made)
    if home is None:
        return
    holder, statements = home
    source = made.source
    text, wanted = request(source, MOCK_MODULE, ASYNC, at=made.node)
    line = f"{holder}.{name} = {text}(side_effect={holder})"
    if wanted is not None:
        yield wanted
    first = next((s for s in statements if not _is_text(s)), None)
    if first is not None:
        start = source.span(first)[0]
        yield Replace(start, start, f"{line}\n{source.indentation(first)}")
    else:
        yield from _behind(source, made.node, line)


def _behind(source: Source, node: ast.expr, line: str) -> Iterator[Edit]:
    statement = source.statement(node)
    end = source.span(statement)[1]
    yield Replace(end, end, f"\n{source.indentation(statement)}{line}")


def _is_text(statement: ast.stmt) -> bool:
    return isinstance(statement, ast.Expr) and isinstance(statement.value, ast.Constant)
