"""Mocks in the place of mapped classes: a Query of a mocked session took them, a `select()` is a mock beside them.

@patch("app.users.User")         @patch("app.users.User")
def test_find(User):        ->   @patch("app.users.select", MagicMock())
                                 def test_find(User):
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterable, Iterator
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
# What patches, of `mock.patch.object` or `monkeypatch.setattr`; and such calls that are statements.
_PATCH = re.compile(r".*?\bpatch\b|.*\bsetattr\b")
_FIXTURE = re.compile(r"\w*mocker\.patch\b|monkeypatch\.setattr\b")


@dataclass(slots=True)
class ClassMock:
    """A mock that queries ask for, or that stands in their clauses.

    `targets` are the functions, such as `app.users.select`, to be patched beside `call`, which puts the mock in place;
    None where that can't be done.
    """

    made: MadeMock
    text: str
    asking: list[Chain] = field(default_factory=list)
    call: ast.Call | None = None
    targets: list[str] = field(default_factory=list)


def class_mocks(program: Program, usage: Usage) -> Iterator[ClassMock]:
    """The mocks that a statement would refuse."""
    found: dict[str, ClassMock] = {}
    for chain, argument, made in _asked_for(program, usage):
        known = found.setdefault(made.mock.origin, ClassMock(made, chain.source.text(argument)))
        known.asking.append(chain)
    for mock in found.values():
        begun = [c for chain in mock.asking for c in _begun(program, chain)]
        words = {
            (c.source, word)
            for c in begun
            if (word := usage.queries.word(c)) and not _is_replaced(program, usage, mock.made, c.source)
        }
        if words or not begun:
            call = _putting(program, mock.made)
            if call is not None and all(_serves(program, usage, mock.made, *used) for used in words):
                mock.call = call
                mock.targets = sorted(f"{_module(program, mock.made.source, call, s)}.{word}" for s, word in words)
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


def _begun(program: Program, chain: Chain) -> list[Chain]:
    """The chains of a function that begin what a chain goes on with."""
    if chain.begins:
        return [chain]
    function = program.function_at(chain.source, chain.node)
    return [c for c in chains(program) if c.begins and program.function_at(c.source, c.node) is function]


def _is_replaced(program: Program, usage: Usage, made: MadeMock, source: Source) -> bool:
    """Is a whole file a mock wherever this one is in use?"""
    mocks = program.interpreter.store.peek("module", source.path)
    return any(
        usage.made[m.origin].function is made.function for m in mocks if isinstance(m, Mock) and m.origin in usage.made
    )


def _serves(program: Program, usage: Usage, made: MadeMock, source: Source, word: str) -> bool:
    """Is every query with this word that runs while the mock is in use one of a mocked session?"""
    for chain in (c for c in chains(program) if c.source is source and usage.queries.word(c) == word):
        function = program.function_at(source, chain.node)
        if function is not None and made.is_reached_by(function) and not _is_mocked(program, chain):
            return False
    return True


def _putting(program: Program, made: MadeMock) -> ast.Call | None:
    """The call that puts a mock in the place of the class, or of its module, where another patch can stand beside."""
    patching = {p.node for p in program.interpreter.mocks.patches if made.mock in p.replacement}
    calls = [c for c in (*patching, *_module_tables(program, made)) if isinstance(c, ast.Call)]
    if len(calls) != 1 or calls[0] not in made.source.parents:
        return None
    match made.source.parents[calls[0]]:
        case ast.FunctionDef() | ast.AsyncFunctionDef() | ast.ClassDef() | ast.withitem():
            return calls[0]
        case ast.Expr() | ast.Assign() if _FIXTURE.match(made.source.text(calls[0].func)):
            return calls[0]
    return None


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


def beside(mock: ClassMock, targets: Iterable[str]) -> Iterator[Edit]:
    """More patches of the kind that puts the mock in place, which give no mocks to the test."""
    source, call = mock.made.source, mock.call
    assert call is not None
    magic, needed = request(source, "unittest.mock", "MagicMock", at=call)
    patch = _PATCH.match(source.text(call.func))
    assert patch is not None
    texts = [f'{patch[0]}("{target}", {magic}())' for target in targets]
    place = source.parents[call]
    if isinstance(place, ast.withitem):
        end = source.span(place.optional_vars or place.context_expr)[1]
        yield Replace(end, end, "".join(f", {text}" for text in texts))
    else:
        statement = source.statement(place)
        end = _line_end(source, call if place is statement else statement)
        mark = "@" if place is statement and not isinstance(place, ast.Expr | ast.Assign) else ""
        line = f"{source.newline}{source.indentation(statement)}{mark}"
        yield Replace(end, end, "".join(f"{line}{text}" for text in texts))
    yield from [needed] if needed is not None else []


def _line_end(source: Source, node: ast.expr | ast.stmt) -> int:
    end = source.span(node)[1]
    return end + len(source.content[end:].partition(b"\n")[0].rstrip())
