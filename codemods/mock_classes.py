"""Mocks in the place of mapped classes: a Query of a mocked session took them, a `select()` is a mock beside them.

@patch("app.users.User")         @patch("app.users.User")
def test_find(User):        ->   @patch("app.users.select", MagicMock())
                                 def test_find(User):
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from dataclasses import dataclass, field

from ..analysis.mocks import MODULES
from ..analysis.program import Program
from ..analysis.queries import Chain, chains
from ..analysis.source import Source
from ..analysis.values import External, Mock, ModuleObject, Text
from .edit import Edit, Replace
from .imports import request
from .mock_usage import MadeMock, Usage
from .references import references

# Methods whose arguments a select looks at when it is made.
LOOKING = frozenset(
    {"add_columns", "filter", "group_by", "having", "join", "options", "order_by", "outerjoin", "select_from", "where",
     "with_entities"}
)  # fmt: skip


@dataclass(slots=True)
class ClassMock:
    """A mock that queries ask for, or that stands in their clauses, and the patches of `select` by what they name."""

    made: MadeMock
    text: str
    asking: list[Chain] = field(default_factory=list)
    patches: dict[tuple[ast.AST, str], list[Edit]] = field(default_factory=dict)


def class_mocks(program: Program, usage: Usage) -> Iterator[ClassMock]:
    """The mocks that a statement would refuse, with what patches the `select()` of the queries."""
    found: dict[str, ClassMock] = {}
    for chain, argument, made in _asked_for(program, usage):
        known = found.setdefault(made.mock.origin, ClassMock(made, chain.source.text(argument)))
        known.asking.append(chain)
    for mock in found.values():
        begun = [c for chain in mock.asking for c in _begun(program, chain)]
        words = {(c.source, word) for c in begun if (word := usage.queries.word(c))}
        if words or not begun:
            mock.patches = dict(_patches(program, usage, mock.made, words))
            yield mock


def _asked_for(program: Program, usage: Usage) -> Iterator[tuple[Chain, ast.expr, MadeMock]]:
    for chain in chains(program):
        asked = [a for link in chain.links if link.name in LOOKING for a in link.args]
        if chain.begins and isinstance(chain.root, ast.Call):
            asked = [*chain.root.args, *asked]
        function = program.function_at(chain.source, chain.node)
        if function is None or not _is_mocked(program, chain):
            continue
        for argument in asked:
            origins = {v.origin for v in program.values(argument) if isinstance(v, Mock)}
            for made in (usage.made[origin] for origin in sorted(origins & usage.made.keys())):
                if made.is_reached_by(function):
                    yield chain, argument, made


def _is_mocked(program: Program, chain: Chain) -> bool:
    return any(isinstance(v, Mock) for v in program.values(chain.root))


def _patches(
    program: Program, usage: Usage, made: MadeMock, words: set[tuple[Source, str]]
) -> Iterator[tuple[tuple[ast.AST, str], list[Edit]]]:
    """What stands beside the mock of the class; nothing where it could reach the query of a real session."""
    call = _putting(program, made)
    if call is None or not all(_serves(program, usage, made, *used) for used in words):
        return
    for used_in, word in sorted(words, key=lambda used: (used[0].path, used[1])):
        target = f"{_module(program, made.source, call, used_in)}.{word}"
        edits = list(_beside(made.source, call, target))
        if edits:
            yield (made.source.parents[call], target), edits


def _begun(program: Program, chain: Chain) -> list[Chain]:
    """The chains of a function that begin what a chain goes on with."""
    if chain.begins:
        return [chain]
    function = program.function_at(chain.source, chain.node)
    return [c for c in chains(program) if c.begins and program.function_at(c.source, c.node) is function]


def _serves(program: Program, usage: Usage, made: MadeMock, source: Source, word: str) -> bool:
    """Is every query with this word that runs while the mock is in use one of a mocked session?"""
    for chain in (c for c in chains(program) if c.source is source and usage.queries.word(c) == word):
        function = program.function_at(source, chain.node)
        if function is not None and made.is_reached_by(function) and not _is_mocked(program, chain):
            return False
    return True


def _putting(program: Program, made: MadeMock) -> ast.Call | None:
    """The call that puts a mock in the place of the class, or of its module."""
    mocks = program.interpreter.mocks
    calls = {p.node for p in mocks.patches if made.mock in p.replacement} | set(_module_tables(program, made))
    found = [c for c in calls if isinstance(c, ast.Call) and program.function_at(made.source, c) is not None]
    return found[0] if len(found) == 1 else None


def _module_tables(program: Program, made: MadeMock) -> Iterator[ast.Call]:
    """`patch.dict(sys.modules, …)` of a function that makes the mock of a module for it."""
    nodes = made.function.own_nodes()
    if not any(made.mock in program.values(v) for n in nodes if isinstance(n, ast.Dict) for v in n.values):
        return
    for node in nodes:
        match node:
            case ast.Call(func=ast.Attribute(attr="dict"), args=[table, *_]):
                if not program.values(table).isdisjoint({External(MODULES), Text(MODULES)}):
                    yield node


def _module(program: Program, source: Source, call: ast.Call, used_in: Source) -> str:
    """The dotted name of a module, as the suite has it."""
    for patch in program.interpreter.mocks.patches:
        match patch.node, patch.owner:
            case ast.Call(args=[ast.Constant(value=str(name)), *_]) as node, ModuleObject(path=path):
                if node is call and path == used_in.path and name.endswith(f".{patch.name}"):
                    return name.removesuffix(f".{patch.name}")
    spelled = references(program).spelling(source, used_in.path)
    return program.interpreter.modules.dotted(used_in.path) if spelled.startswith(".") else spelled


def _beside(source: Source, call: ast.Call, target: str) -> Iterator[Edit]:
    """Another patch of the same kind, which gives no mock to the test."""
    callee = source.text(call.func)
    patch = re.match(r".*?\bpatch\b|.*\bsetattr\b", callee)
    if patch is None:
        return
    magic, needed = request(source, "unittest.mock", "MagicMock", at=call)
    text = f'{patch[0]}("{target}", {magic}())'
    place = source.parents[call]
    match place:
        case ast.FunctionDef() | ast.AsyncFunctionDef() | ast.ClassDef():
            end = _line_end(source, call)
            text = f"{source.newline}{source.indentation(place)}@{text}"
        case ast.withitem():
            end = source.span(place.optional_vars or place.context_expr)[1]
            text = f", {text}"
        case ast.Expr() | ast.Assign() if callee.startswith(("mocker.", "monkeypatch.")):
            end = _line_end(source, place)
            text = f"{source.newline}{source.indentation(place)}{text}"
        case _:
            return
    yield Replace(end, end, text)
    yield from [needed] if needed is not None else []


def _line_end(source: Source, node: ast.expr | ast.stmt) -> int:
    end = source.span(node)[1]
    return end + len(source.content[end:].partition(b"\n")[0].rstrip())
