"""Results that a mocked session's `query()` gives in turn: from now on each method that sends a statement has its own.

users.filter_by.return_value.first.return_value = user        users.first.return_value = user
number.filter.return_value.scalar.return_value = 5      ->    db.scalars.side_effect = [users]
db.query.side_effect = [users, number]                        db.scalar.side_effect = [5]
"""

from __future__ import annotations

import ast
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field

from ..analysis.bindings import is_store
from ..analysis.mocks import CALL, Path
from ..analysis.source import Source
from ..analysis.symbols import Function
from .edit import Edit, Replace
from .mock_homes import relative_path
from .removal import without_all

# The way of a query from `query()` on, and the way from the session in the rewritten code.
Ways = Sequence[tuple[Path, Path]]


@dataclass(slots=True)
class _Turn:
    """One of the objects that `query()` gave: its name, what makes it, and what sets up the results of it."""

    name: str
    made: ast.Assign | None
    set_up: list[tuple[Path, ast.Assign]] = field(default_factory=list)
    idle: list[ast.Assign] = field(default_factory=list)
    # The text of its result, by the way in which the code gets it now.
    results: dict[Path, tuple[str, ast.Assign]] = field(default_factory=dict)


def in_turn(function: Function, target: ast.Attribute, session: ast.expr, ways: Ways) -> list[Edit]:
    """The edits for `session.query.side_effect = […]`, the target; none where it is not certain who gets what."""
    source = function.source
    statement = source.parents[target]
    if not isinstance(statement, ast.Assign) or statement.targets != [target]:
        return []
    names, listed = _listed(function, statement.value)
    turns: dict[str, _Turn] = {}
    given: defaultdict[str, list[str]] = defaultdict(list)
    for name in names:
        turn = turns.get(name) or _turn(function, name)
        if not _settle(source, turn, ways):
            return []
        turns[name] = turn
        for way, (text, _) in turn.results.items():
            given[way[0]].append(text if _is_direct(way) else name)
    gone = _gone(function, turns.values(), statement, listed)
    if gone is None or not names:
        return []
    lines = [f"{source.text(session)}.{method}.side_effect = [{', '.join(texts)}]" for method, texts in given.items()]
    text = f"{source.newline}{source.indentation(statement)}".join(lines)
    return [Replace(*source.span(statement), text), *without_all(source, gone)]


def _is_direct(way: Path) -> bool:
    """Does the session's method itself give the value?"""
    return len(way) == 2


def _listed(function: Function, value: ast.expr) -> tuple[list[str], ast.Assign | None]:
    """The names in the list of a side effect, and the statement that gives the list a name, where one does."""
    named = _only_assignment(function, value.id) if isinstance(value, ast.Name) else None
    match named.value if named is not None else value:
        case ast.List(elts=elements) | ast.Tuple(elts=elements):
            names = [e.id for e in elements if isinstance(e, ast.Name)]
            return (names if len(names) == len(elements) else []), named
    return [], None


def _only_assignment(function: Function, name: str) -> ast.Assign | None:
    """The one statement that gives a name its value."""
    stored = [n for n in function.own_nodes() if isinstance(n, ast.Name) and n.id == name and is_store(n)]
    parent = function.source.parents[stored[0]] if len(stored) == 1 else None
    return parent if isinstance(parent, ast.Assign) and len(parent.targets) == 1 else None


def _turn(function: Function, name: str) -> _Turn:
    turn = _Turn(name, _only_assignment(function, name))
    for node in function.own_nodes():
        match node:
            case ast.Assign(targets=[ast.Attribute() as target]):
                path = relative_path(function.source, name, target)
                if path and isinstance(node.value, ast.Name) and node.value.id == name:
                    turn.idle.append(node)
                elif path:
                    turn.set_up.append((path, node))
    return turn


def _settle(source: Source, turn: _Turn, ways: Ways) -> bool:
    """Find out how the code gets what the turn sets up; False where that is not certain."""
    for path, statement in turn.set_up:
        new = {way for old, way in ways if path == old or (turn.idle and path == old[-2:])}
        if len(new) != 1 or path[-1] != CALL:
            return False
        turn.results[new.pop()] = source.text(statement.value), statement
    senders = [way[0] for way in turn.results]
    return bool(senders) and len(set(senders)) == len(senders) == len(turn.set_up)


def _gone(
    function: Function, turns: Iterable[_Turn], statement: ast.Assign, listed: ast.Assign | None
) -> list[ast.Assign] | None:
    """The statements that nothing needs any more; None where one of their names is used in other ways."""
    gone = [listed] if listed is not None else []
    for turn in turns:
        direct = [s for way, (_, s) in turn.results.items() if _is_direct(way)]
        if any(s.lineno > statement.lineno for s in direct):
            return None
        gone += direct
        if len(direct) == len(turn.results):
            gone += [*([turn.made] if turn.made is not None else ()), *turn.idle]
    names = {t.id for s in gone for t in s.targets if isinstance(t, ast.Name)}
    return None if names & set(_used(function, {statement, *gone})) else gone


def _used(function: Function, apart_from: set[ast.Assign]) -> Iterator[str]:
    """The names that a function reads, but for some statements."""
    for node in ast.walk(function.node):
        if isinstance(node, ast.Name) and not is_store(node) and function.source.statement(node) not in apart_from:
            yield node.id
