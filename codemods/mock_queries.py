"""Mocked sessions and their queries: which result chain stands for which `query.return_value…` from now on."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from ..analysis.async_sites import AsyncSite
from ..analysis.decisions import Decision, Status
from ..analysis.mocks import CALL, Path, child
from ..analysis.program import Program
from ..analysis.queries import Chain, chains, is_executed
from ..analysis.source import Source
from ..analysis.symbols import Function
from ..analysis.values import Mock
from .carried import carried
from .edit import Edit, Replace, Wrap, apply

QUERY = "query"
# Methods of a session that send a statement: where the chain on the session begins in a rewritten query.
SENDING = frozenset({"execute", "exec", "get", "scalar", "scalars", "stream", "stream_scalars"})


@dataclass(frozen=True, slots=True)
class Executed:
    """A legacy query that is sent where a mock may stand for the session.

    `mocks` are what the query can be, up to the method that sends it; `new` is the way from the session in the
    rewritten code, which awaits it at `site`, unless it stays sync.
    """

    node: ast.expr
    function: Function
    site: AsyncSite | None
    mocks: tuple[Mock, ...]
    new: Path


class MockedQueries:
    """The legacy queries of a program that mocks stand for; `decisions` say which of them are rewritten."""

    def __init__(self, program: Program, decisions: Iterable[Decision]) -> None:
        self._program = program
        self._decisions = {d.node: d for d in decisions if d.status is Status.DONE}
        self._sites = {s.node: s for s in program.colours.sites() if s.kind == "query"}
        self._words: dict[ast.expr, str] = {}
        self.calls: set[ast.AST] = set()
        # Mocks that a test has put in the place of a query: origin and path.
        self.proxies: set[tuple[str, Path]] = set()
        # Queries that stay as they are: where they stand, and what can stand for them.
        self.staying: list[tuple[Function, list[Mock]]] = []
        self.executed = list(self._executed())

    def word(self, chain: Chain) -> str:
        """What a rewritten chain begins with, such as `select`; empty where a session's method takes the class."""
        if chain.node not in self._words:
            self._words[chain.node] = self._word(chain)
        return self._words[chain.node]

    def _word(self, chain: Chain) -> str:
        decision = self._decisions.get(chain.node)
        if decision is None or not chain.begins or not isinstance(chain.root, ast.Call):
            return ""
        end = chain.source.span(chain.root.func)[1]
        texts = [e.text for e in carried(decision) if isinstance(e, Replace) and e.end == end]
        return "" if texts in ([], ["get"]) else re.split(r"[^\w.]", texts[0])[-1]

    def _executed(self) -> Iterator[Executed]:
        for chain in chains(self._program):
            mocks = self._mocks(chain)
            if not mocks:
                continue
            self.calls.update(n for n in (chain.root, *(link.call for link in chain.links)) if n is not None)
            self._note_proxies(chain)
            decision = self._decisions.get(chain.node)
            function = self._program.function_at(chain.source, chain.node)
            if function is None or not is_executed(self._program, chain):
                continue
            if decision is None:
                self.staying.append((function, mocks))
                continue
            new = _way(chain.source, chain, list(carried(decision)))
            if new is not None:
                yield Executed(chain.node, function, self._sites.get(chain.node), tuple(mocks), new)

    def _note_proxies(self, chain: Chain) -> None:
        for node in (chain.root, *(link.receiver for link in chain.links)):
            for value in self._program.values(node):
                if isinstance(value, Mock) and value.origin and QUERY not in value.path:
                    self.proxies.add((value.origin, value.path))

    def _mocks(self, chain: Chain) -> list[Mock]:
        """The mocks at the end of a chain, the path with its last call."""
        end = chain.end
        is_sent = end is not None and end.call is not None
        values = self._program.values(end.attribute if end is not None and is_sent else chain.node)
        mocks = [v for v in values if isinstance(v, Mock) and v.origin]
        return sorted(mocks if is_sent else [child(mock, "__iter__") for mock in mocks], key=repr)


def _way(source: Source, chain: Chain, edits: list[Edit]) -> Path | None:
    """The attributes and calls by which a rewritten query goes from its session to its result."""
    statement = source.statement(chain.node)
    start, end = source.offset(statement.lineno, 0), source.span(statement)[1]
    inside = [shifted(e, start) for e in edits if isinstance(e, Replace | Wrap) and start <= e.start and e.end <= end]
    before = _ways(source.content[start:end])
    found = _ways(apply(source.content[start:end], inside))
    for way in before:
        if way in found:
            found.remove(way)
    if len(found) != 1:
        return None
    return (*found[0], "__iter__", CALL) if chain.end is None else found[0]


def _ways(text: bytes) -> list[Path]:
    """The ways from sessions to results in a statement's lines."""
    try:
        tree = ast.parse(b"if True:\n" + text if text[:1].isspace() else text)
    except SyntaxError:
        return []
    found: list[Path] = []
    pending: list[ast.AST] = [tree]
    while pending:
        node = pending.pop()
        way = _steps(node) if isinstance(node, ast.expr) else None
        if way is not None:
            found.append(way)
            pending.extend(_arguments(node))
        else:
            pending.extend(ast.iter_child_nodes(node))
    return found


def _arguments(node: ast.AST) -> Iterator[ast.AST]:
    """What is passed in the calls of a chain."""
    while isinstance(node, ast.Await | ast.Subscript | ast.Call | ast.Attribute):
        if isinstance(node, ast.Call):
            yield from (*node.args, *node.keywords)
            node = node.func
        else:
            node = node.value


def shifted(edit: Replace | Wrap, by: int) -> Replace | Wrap:
    """An edit of a text that begins further on in the file."""
    if isinstance(edit, Replace):
        return Replace(edit.start - by, edit.end - by, edit.text)
    return Wrap(edit.start - by, edit.end - by, edit.before, edit.after, edit.rank)


def _steps(node: ast.expr) -> Path | None:
    match node:
        case ast.Await(value=value) | ast.Subscript(value=value):
            return _steps(value)
        case ast.Call(func=function):
            way = _steps(function)
            return (*way, CALL) if way else None
        case ast.Attribute(attr=name, value=value) if name in SENDING and not _steps(value) and not _is_query(value):
            return (name,)
        case ast.Attribute(value=value, attr=name):
            way = _steps(value)
            return (*way, name) if way else None
    return None


def _is_query(node: ast.expr) -> bool:
    """Is this a chain that begins with `query(…)`?"""
    while isinstance(node, ast.Call | ast.Attribute):
        if isinstance(node, ast.Attribute) and node.attr == QUERY:
            return True
        node = node.func if isinstance(node, ast.Call) else node.value
    return False
