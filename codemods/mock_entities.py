"""Results that a mocked session's `query()` chooses by what it is asked for: the statement is asked for that now.

db.query.side_effect = lambda model: users if model is User else posts
->  db.scalars.side_effect = lambda statement: users if statement.column_descriptions[0]["entity"] is User else posts
"""

from __future__ import annotations

import ast
from collections.abc import Collection, Iterable

from ..analysis.mocks import Path
from ..analysis.program import Program
from ..analysis.queries import chains, queries
from ..analysis.source import Source
from ..analysis.symbols import Function
from ..analysis.values import FunctionObject
from .edit import Edit, Replace
from .mock_queries import QUERY, Executed

ENTITY = 'statement.column_descriptions[0]["entity"]'
# Methods of a session that give a result, on which the test sets up the rest.
GIVING = frozenset({"execute", "scalars"})


def by_entity(
    program: Program, function: Function, target: ast.Attribute, session: ast.expr, sent: Collection[Executed]
) -> list[Edit]:
    """The edits for `session.query.side_effect = function`, the target; none where the statement can't tell.

    `sent` are the queries that it serves.
    """
    source = function.source
    statement = source.parents[target]
    if not isinstance(statement, ast.Assign) or statement.targets != [target]:
        return []
    effect = _effect(program, source, statement.value)
    names = sorted({query.new[0] for query in sent})
    is_followed = all(any(QUERY not in mock.path for mock in query.mocks) for query in sent)
    if not effect or not GIVING.issuperset(names) or not is_followed or not _ask_for_one(program, sent):
        return []
    lines = [f"{source.text(session)}.{name}.side_effect = {effect}" for name in names]
    return [Replace(*source.span(statement), f"{source.newline}{source.indentation(statement)}".join(lines))]


def for_all(source: Source, target: ast.Attribute, ways: Iterable[tuple[Path, Path]]) -> list[Edit]:
    """The edits for `session.query.return_value = query` where the code gets what is set up on it in several ways.

    None where a method of the query that gives a value is not the only one, or one of a result has another name now.
    """
    statement, query = source.parents[target], target.value
    if not (
        isinstance(statement, ast.Assign) and isinstance(statement.value, ast.Name) and statement.targets == [target]
    ):
        return []
    session, name = source.text(query)[: -len(QUERY) - 1], statement.value.id
    lines: dict[str, str] = {}
    for old, new in ways:
        sender, method = new[0], old[-2]
        if sender in GIVING and new[-2:] != old[-2:]:
            return []
        given = f"return_value = {name}" if sender in GIVING else f"side_effect = lambda statement: {name}.{method}()"
        line = f"{session}.{sender}.{given}"
        if lines.setdefault(sender, line) != line:
            return []
    texts = [lines[sender] for sender in sorted(lines)]
    return [Replace(*source.span(statement), f"{source.newline}{source.indentation(statement)}".join(texts))]


def _effect(program: Program, source: Source, value: ast.expr) -> str:
    """The function of a statement that chooses as that of an entity did; empty for what is no such function."""
    match value:
        case ast.Lambda(args=ast.arguments(posonlyargs=[], args=[ast.arg(arg=name)], vararg=None), body=body):
            start, text = source.span(body)[0], source.text(body).encode()
            read = [n for n in ast.walk(body) if isinstance(n, ast.Name) and n.id == name]
            for node in sorted(read, key=lambda n: -source.span(n)[0]):
                first, last = (offset - start for offset in source.span(node))
                text = text[:first] + ENTITY.encode() + text[last:]
            return f"lambda statement: {text.decode()}"
        case ast.Name(id=name) if any(isinstance(v, FunctionObject) for v in program.values(value)):
            return f"lambda statement: {name}({ENTITY})"
    return ""


def _ask_for_one(program: Program, sent: Iterable[Executed]) -> bool:
    """Do all queries ask for one mapped class, so that the statement says which?"""
    nodes = {query.node for query in sent}
    asked = [queries(program.values(chain.receiver)) for chain in chains(program) if chain.node in nodes]
    return all(found and all([e.kind for e in q.entities] == ["entity"] for q in found) for found in asked)
