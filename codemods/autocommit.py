"""SQLAlchemy 1.4: what its engines and connections committed by themselves is committed by a block.

    engine.execute(users.insert())             async with engine.begin() as connection:
                                        ->         await connection.execute(users.insert())

    with engine.connect() as connection:       async with engine.begin() as connection:
        connection.execute("delete …")  ->         await connection.exec_driver_sql("delete …")

https://docs.sqlalchemy.org/en/20/changelog/migration_20.html#library-level-but-not-driver-level-autocommit-removed-from-both-core-and-orm
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator

from ..analysis.decisions import Decision
from ..analysis.program import Program
from ..analysis.source import Source
from ..analysis.symbols import Function
from ..analysis.values import Instance, Statement
from .blocks import stands_alone
from .carried import Work, carried, decided, left
from .edit import Edit, Replace, Wrap
from .indenting import INDENT, indent
from .references import is_plain
from .schema_calls import free_name
from .versions import is_before_2

NAME = "autocommit"
ENGINE = "sqlalchemy.Engine"
EXECUTING = frozenset({"execute", "scalar"})
WRITING = frozenset({"insert", "update", "delete"})
# What 1.4 took for a statement that wants a commit.
WRITING_TEXT = re.compile(r"\W*(UPDATE|INSERT|CREATE|DELETE|DROP|ALTER)\b", re.IGNORECASE)
# What says in a function that its transactions are its own business.
OWN_TRANSACTIONS = frozenset({"begin", "commit", "execution_options"})
ALONE = (ast.Expr, ast.Assign, ast.AnnAssign, ast.AugAssign, ast.Return, ast.For)
NO_STATEMENT = "an async engine executes nothing itself: open a connection"
NO_COMMIT = "SQLAlchemy 1.4 committed this by itself, an async connection does not: commit it"


def decide(program: Program) -> Iterator[Decision]:
    """A decision for each call of an engine, and for each connection whose statements nobody commits."""
    if not is_before_2(program) or _is_future(program):
        return
    for function in program.functions:
        for node in function.own_nodes():
            if isinstance(node, ast.Call) and program.colours.can_await(function, node):
                for work in (*_on_engine(program, function, node), *_on_connection(program, function, node)):
                    yield decided(program, NAME, work)


def rewrite(decision: Decision, program: Program) -> Iterator[Edit]:
    """The edits that were worked out when the decision was made."""
    yield from carried(decision)


def _is_future(program: Program) -> bool:
    """Are the engines those of 2.0 already, which commit nothing?"""
    nodes = (node for source in program.sources.values() if b"future" in source.content for node in source.nodes)
    return any(isinstance(n, ast.keyword) and n.arg == "future" for n in nodes)


def _on_engine(program: Program, function: Function, call: ast.Call) -> Iterator[Work]:
    match call.func:
        case ast.Attribute(value=engine, attr=name) if name in EXECUTING and _is_engine(program, engine):
            statement, source = function.source.statement(call), function.source
            others = [n for n in ast.walk(statement) if isinstance(n, ast.Attribute) and n.attr in EXECUTING]
            is_whole = isinstance(statement, ALONE) and stands_alone(source, statement)
            if is_whole and is_plain(engine) and len([n for n in others if _is_engine(program, n.value)]) == 1:
                opening = "begin" if _writes(program, call) else "connect"
                edits = list(_in_a_block(source, statement, engine, opening, free_name(function)))
                yield Work(source, call, "execute it on a connection", edits)
            else:
                yield left(source, call, NO_STATEMENT)


def _in_a_block(source: Source, statement: ast.stmt, engine: ast.expr, opening: str, name: str) -> Iterator[Edit]:
    start, end = source.span(statement)
    inner = source.indentation(statement) + INDENT
    yield Wrap(start, end, f"async with {source.text(engine)}.{opening}() as {name}:\n{inner}", "", 9)
    if (statement.end_lineno or 0) > statement.lineno:
        yield from indent(source, [statement], first=statement.lineno + 1)
    yield Replace(*source.span(engine), name)


def _on_connection(program: Program, function: Function, call: ast.Call) -> Iterator[Work]:
    """A block that opens a connection and writes; a connection in a variable is committed behind the statement."""
    match call.func:
        case ast.Attribute(value=engine, attr="connect") if _is_engine(program, engine):
            pass
        case _:
            return
    source = function.source
    parent = source.parents[call]
    match parent:
        case ast.withitem(optional_vars=ast.Name(id=name)) | ast.Assign(targets=[ast.Name(id=name)]):
            writes = list(_unfinished_writes(program, function, name))
        case _:
            return
    if writes and isinstance(parent, ast.withitem):
        end = source.span(call.func)[1]
        edits: list[Edit] = [Replace(end - len("connect"), end, "begin")]
        yield Work(source, call, "commit what is executed in the block", edits)
        return
    for write in writes:
        statement = source.statement(write)
        if isinstance(statement, ast.Expr | ast.Assign) and stands_alone(source, statement):
            text = f"\n{source.indentation(statement)}await {name}.commit()"
            yield Work(source, write, "commit it", [Wrap(*source.span(statement), "", text, 9)])
        else:
            yield left(source, write, NO_COMMIT)


def _unfinished_writes(program: Program, function: Function, name: str) -> Iterator[ast.Call]:
    """The statements that a connection sends and that change something, where nothing says when they are committed."""
    called: list[tuple[str, ast.Call]] = []
    for node in function.own_nodes():
        match node:
            case ast.Call(func=ast.Attribute(value=ast.Name(id=owner), attr=method)) if owner == name:
                called.append((method, node))
    if not any(method in OWN_TRANSACTIONS for method, _ in called):
        yield from (call for method, call in called if method == "execute" and _writes(program, call))


def _writes(program: Program, call: ast.Call) -> bool:
    given = call.args[0] if call.args else None
    while isinstance(given, ast.Call) and isinstance(given.func, ast.Name) and given.args:
        given = given.args[0]
    match given:
        case None:
            return False
        case ast.Constant(value=str(text)) | ast.JoinedStr(values=[ast.Constant(value=str(text)), *_]):
            return WRITING_TEXT.match(text) is not None
    kinds = {v.kind for v in program.values(given) if isinstance(v, Statement)}
    return bool(kinds & WRITING)


def _is_engine(program: Program, node: ast.expr) -> bool:
    is_a = program.interpreter.objects.is_a
    return any(isinstance(v, Instance) and is_a(v.cls, ENGINE) for v in program.values(node))
