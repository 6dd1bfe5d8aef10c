"""Parameters of statements, in the one form that an async connection takes; SQLAlchemy 1.4 took more.

connection.execute(users.insert(), name="Ada")         ->    … .execute(users.insert(), {"name": "Ada"})
connection.execute(users.insert(), {…}, {…})           ->    … .execute(users.insert(), [{…}, {…}])
"""

from __future__ import annotations

import ast
from collections.abc import Iterator

from ..analysis.decisions import Decision
from ..analysis.program import Program
from ..analysis.source import Source
from ..analysis.values import Instance
from .carried import Work, carried, decided
from .edit import Edit, Replace, Wrap
from .versions import is_before_2

NAME = "parameters"
EXECUTING = frozenset({"execute", "scalar"})
CONNECTIONS = ("sqlalchemy.Connection", "sqlalchemy.Engine")
# What is no parameter of the statement.
OPTIONS = frozenset({"parameters", "execution_options"})


def decide(program: Program) -> Iterator[Decision]:
    """A decision for each statement whose parameters are keywords, or several positional arguments."""
    for function in program.functions if is_before_2(program) else ():
        for node in function.own_nodes():
            match node:
                case ast.Call(func=ast.Attribute(value=receiver, attr=name), args=[_, *more]) if name in EXECUTING:
                    named = [k for k in node.keywords if k.arg not in OPTIONS]
                    if (named or len(more) > 1) and _is_connection(program, receiver):
                        edits = list(_one_argument(function.source, more, named))
                        work = Work(function.source, node, "give the parameters as one argument", edits)
                        yield decided(program, NAME, work)


def rewrite(decision: Decision, program: Program) -> Iterator[Edit]:
    """The edits that were worked out when the decision was made."""
    yield from carried(decision)


def _is_connection(program: Program, node: ast.expr) -> bool:
    is_a = program.interpreter.objects.is_a
    classes = [v.cls for v in program.values(node) if isinstance(v, Instance)]
    return any(is_a(cls, connection) for cls in classes for connection in CONNECTIONS)


def _one_argument(source: Source, more: list[ast.expr], named: list[ast.keyword]) -> Iterator[Edit]:
    opening, closing = ("{", "}") if named else ("[", "]")
    parts: list[ast.expr | ast.keyword] = [*named] if named else [*more]
    yield Wrap(source.span(parts[0])[0], source.span(parts[-1])[1], opening, closing)
    for keyword in named:
        if keyword.arg is not None:
            yield Replace(source.span(keyword)[0], source.span(keyword.value)[0], f'"{keyword.arg}": ')
