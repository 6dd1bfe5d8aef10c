"""Assertions about a mocked session's `query()`: the statement that was sent says what it was asked.

db.query.assert_called_once_with(User)
->  db.scalars.assert_awaited_once()
    assert db.scalars.await_args.args[0].column_descriptions[0]["entity"] is User
"""

from __future__ import annotations

import ast

from ..analysis.mocks import AWAITED_ASSERTIONS
from ..analysis.source import Source
from .edit import Edit, Replace

COUNTING = frozenset({"call_count", "called"})
NAMING = frozenset({"assert_called_once_with", "assert_called_with"})
UNNAMED = frozenset({"assert_called", "assert_called_once"})
CRITERIA = frozenset({"filter", "filter_by", "where"})


def asserted(source: Source, whole: ast.Attribute, sender: str, is_async: bool, is_class: bool) -> list[Edit]:
    """The edits for `session.query.called` and `session.query.assert_called…(…)`; none for what has no counterpart.

    `sender` is the session's method that sends the statement, `is_class`: is a mapped class all that is named?
    """
    query, call = whole.value, source.parents[whole]
    end = source.span(query)[1]
    renamed = Replace(end - len("query"), end, sender)
    if whole.attr in COUNTING:
        return [renamed]
    if not isinstance(call, ast.Call) or whole.attr not in AWAITED_ASSERTIONS:
        return []
    name = AWAITED_ASSERTIONS[whole.attr] if is_async else whole.attr
    end = source.span(whole)[1]
    if not (call.args or call.keywords):
        return [renamed, Replace(end - len(whole.attr), end, name)]
    statement = source.parents[call]
    if whole.attr not in NAMING or not is_class or not isinstance(statement, ast.Expr):
        return []
    sent = f"{source.text(query)[: -len('query')]}{sender}"
    entity = f'{sent}.{_arguments(is_async)}.column_descriptions[0]["entity"]'
    lines = [f"{sent}.{name.removesuffix('_with')}()", f"assert {entity} is {source.text(call.args[0])}"]
    return [Replace(*source.span(call), f"{source.newline}{source.indentation(statement)}".join(lines))]


def criteria_asserted(source: Source, whole: ast.Attribute, session: str, sender: str, is_async: bool) -> list[Edit]:
    """The edits for `session.query.return_value.filter.assert_called_once()`; none for what has no counterpart."""
    match whole, source.parents[whole]:
        case ast.Attribute(value=ast.Attribute(attr=method), attr=name), ast.Call(args=[], keywords=[]) as call:
            if method in CRITERIA and name in UNNAMED and isinstance(source.parents[call], ast.Expr):
                text = f"assert {session}.{sender}.{_arguments(is_async)}.whereclause is not None"
                return [Replace(*source.span(call), text)]
    return []


def _arguments(is_async: bool) -> str:
    return "await_args.args[0]" if is_async else "call_args.args[0]"
