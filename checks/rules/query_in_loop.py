"""A query is sent for each row of another.

Each turn of the loop waits for the database once more. Ask for all at once, with `in_()` or a join, and look up the
results in a dict; what does not depend on the row belongs before the loop.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator

from ...analysis.bindings import assigned
from ...analysis.calling import tests_aside
from ...analysis.program import Program
from ...analysis.session_use import is_async_database
from ...analysis.symbols import Function
from ...analysis.tracing import objects
from ...analysis.values import External, Instance, Rows, Statement
from ..examples import USER_WITH_POSTS
from ..finding import Finding, finding
from ..rule import Example

CODE = "AS701"
NAME = "query-in-loop"
READING = frozenset({"execute", "scalar", "scalars", "get", "get_one"})

MODEL = (
    """\
from sqlalchemy import ForeignKey, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column, relationship
"""
    + USER_WITH_POSTS
)
EXAMPLES = (
    Example(
        bad=MODEL
        + """\
async def authors(session: AsyncSession) -> list[str]:
    names = []
    for post in await session.scalars(select(Post)):
        user = await session.get_one(User, post.user_id)  # AS701
        names.append(user.name)
    return names
""",
        good=MODEL
        + """\
async def authors(session: AsyncSession) -> list[str]:
    posts = (await session.scalars(select(Post))).all()
    users = await session.scalars(select(User).where(User.id.in_({post.user_id for post in posts})))
    names = {user.id: user.name for user in users}
    return [names[post.user_id] for post in posts]
""",
    ),
)


def find(program: Program) -> Iterator[Finding]:
    for function in tests_aside(program):
        for node in function.own_nodes():
            runs_through = _turns(node)
            if runs_through is not None and _is_over_rows(program, function, runs_through[0]):
                queries = sorted(_queries(program, runs_through[1]), key=lambda q: (q.lineno, q.col_offset))
                for query in queries[:1]:
                    text = program.short(function.source, query)
                    message = f"{text} is sent once for each row of the loop: ask for all of them at once"
                    yield finding(function.source, query, CODE, message)


def _turns(node: ast.AST) -> tuple[ast.expr, list[ast.AST]] | None:
    """What a loop or comprehension runs through, and what is evaluated in each turn."""
    match node:
        case ast.For(iter=iterable, body=body):
            return iterable, [*body]
        case ast.ListComp(elt=element) | ast.SetComp(elt=element) | ast.GeneratorExp(elt=element):
            return node.generators[0].iter, [element, *(c for g in node.generators for c in g.ifs)]
        case ast.DictComp(key=key, value=value):
            return node.generators[0].iter, [key, value, *(c for g in node.generators for c in g.ifs)]
    return None


def _is_over_rows(program: Program, function: Function, node: ast.expr, depth: int = 2) -> bool:
    """Does a loop run through mapped objects, or what a comprehension takes from such?"""
    values = program.values(node)
    if any(isinstance(v, Rows) for v in values) or any(
        True for _ in objects(values, lambda c: bool(program.mapped(c)))
    ):
        return True
    match node:
        case ast.ListComp(generators=[first, *_]) | ast.SetComp(generators=[first, *_]) if depth:
            return _is_over_rows(program, function, first.iter, depth - 1)
        case ast.Name(id=name) if depth:
            return any(
                isinstance(value, ast.ListComp | ast.SetComp) and _is_over_rows(program, function, value, depth - 1)
                for value in assigned(function, name)
            )
    return False


def _queries(program: Program, body: list[ast.AST]) -> Iterator[ast.Call]:
    """The queries of a loop's body that are sent in each turn, but not those of a loop inside."""
    pending = [*body]
    while pending:
        node = pending.pop()
        match node:
            case ast.For() | ast.While() | ast.ListComp() | ast.SetComp() | ast.DictComp() | ast.GeneratorExp():
                continue
            case ast.FunctionDef() | ast.AsyncFunctionDef() | ast.Lambda() | ast.AsyncFor():
                continue
            case ast.Await(value=ast.Call() as call) if _reads(program, call):
                yield call
        pending.extend(ast.iter_child_nodes(node))


def _reads(program: Program, node: ast.Call) -> bool:
    for value in program.values(node.func):
        if isinstance(value, External) and isinstance(value.receiver, Instance):
            method = value.name.rpartition(".")[2]
            receiver = frozenset({value.receiver})
            if method in READING and program.is_session(receiver) and is_async_database(program, receiver):
                return method.startswith("get") or _is_select(program, node)
    return False


def _is_select(program: Program, node: ast.Call) -> bool:
    return bool(node.args) and any(
        isinstance(v, Statement) and v.kind == "select" for v in program.values(node.args[0])
    )
