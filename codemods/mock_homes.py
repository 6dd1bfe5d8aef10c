"""Where a mock is made and set up: the name that holds it, and the statements behind that set its children up."""

from __future__ import annotations

import ast
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass

from ..analysis.mocks import CALL, ENTERING, Path, is_below
from ..analysis.program import Program
from ..analysis.source import Source
from .mock_usage import MadeMock

SIDE_EFFECT = "side_effect"


@dataclass(frozen=True, slots=True)
class Setting:
    """A statement `holder.child = value`."""

    path: Path
    statement: ast.Assign


@dataclass(frozen=True, slots=True)
class Home:
    """The expression that holds a mock, and what sets the mock up before anything of the code under test is awaited."""

    holder: str
    settings: tuple[Setting, ...]

    def first(self, *paths: Path) -> Setting | None:
        """The first statement that sets one of these children."""
        return next((s for s in self.settings if s.path in paths), None)

    def first_below(self, path: Path) -> Setting | None:
        """The first statement that sets something below a child."""
        return next((s for s in self.settings if is_below(s.path, path)), None)


def home(program: Program, made: MadeMock, awaited: Collection[ast.expr]) -> Home | None:
    """The home of a mock that a name holds; None for one that is passed on at once."""
    found = holder_and_rest(program, made)
    if found is None:
        return None
    holder, rest = found
    return Home(holder, tuple(_settings(made, holder, rest, awaited)))


def holder_and_rest(program: Program, made: MadeMock) -> tuple[str, Sequence[ast.stmt]] | None:
    source, node = made.source, made.node
    parent = source.parents.get(node)
    match parent:
        case ast.Assign(targets=[ast.Name() | ast.Attribute() as target]) | ast.AnnAssign(target=target):
            return source.text(target), _behind(source, parent)
        case ast.withitem(optional_vars=ast.Name(id=name)):
            statement = source.parents[parent]
            assert isinstance(statement, ast.With | ast.AsyncWith)
            return name, statement.body
        case ast.FunctionDef() | ast.AsyncFunctionDef():
            name = _parameter(program, parent, made)
            return (name, parent.body) if name else None
    return None


def _behind(source: Source, statement: ast.stmt) -> Sequence[ast.stmt]:
    """The statements after one, in its block."""
    for name in ("body", "orelse", "finalbody"):
        block = getattr(source.parents[statement], name, [])
        if isinstance(block, list) and statement in block:
            return block[block.index(statement) + 1 :]
    return []


def _parameter(program: Program, node: ast.FunctionDef | ast.AsyncFunctionDef, made: MadeMock) -> str:
    function = program.interpreter.by_node[node]
    names = [p.arg for p in function.parameters() if made.mock in program.parameter(function, p.arg)]
    return names[0] if names else ""


def _settings(
    made: MadeMock, holder: str, statements: Sequence[ast.stmt], awaited: Collection[ast.expr]
) -> Iterator[Setting]:
    source = made.source
    for statement in _straight(statements):
        if isinstance(statement, ast.Assign):
            for target in statement.targets:
                if source.text(target) == holder:
                    return
            path = _path(source, holder, statement)
            if path:
                yield Setting(made.image(path), statement)
                continue
        if not isinstance(statement, ast.With | ast.AsyncWith) and _runs_code(statement, awaited):
            return


def _straight(statements: Sequence[ast.stmt]) -> Iterator[ast.stmt]:
    """Statements that run one after the other, those inside `with` among them."""
    for statement in statements:
        yield statement
        if isinstance(statement, ast.With | ast.AsyncWith):
            yield from _straight(statement.body)


def _runs_code(statement: ast.stmt, awaited: Collection[ast.expr]) -> bool:
    """Does the statement await something, or leave?"""
    leaving = (ast.Await, ast.Yield, ast.YieldFrom, ast.Return, ast.Raise)
    return any(isinstance(n, leaving) or n in awaited for n in ast.walk(statement))


def _path(source: Source, holder: str, statement: ast.Assign) -> Path:
    """The child of the holder that a statement sets; empty when it sets something else."""
    match statement.targets:
        case [ast.Attribute() as target]:
            return relative_path(source, holder, target)
    return ()


def relative_path(source: Source, holder: str, node: ast.expr) -> Path:
    """The way from the holder to an attribute of it, `return_value` as a call; empty for anything else."""
    names: list[str] = []
    while isinstance(node, ast.Attribute):
        names.append(CALL if node.attr == "return_value" else ENTERING.get(node.attr, node.attr))
        node = node.value
        if source.text(node) == holder:
            return tuple(reversed(names))
    return ()
