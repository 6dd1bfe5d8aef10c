"""What is written is not committed, because no commit can be reached.

A session that ends without a commit rolls back, and nobody notices: no error is raised. So does one whose commit stands
behind the `async with` that ended it, or behind a `return`. Commit inside of the block, or open the session with
`async with SessionLocal.begin() as session`.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator

from ...analysis.calling import tests_aside
from ...analysis.order import dominates
from ...analysis.program import Program
from ...analysis.session_use import is_async_database
from ...analysis.session_uses import own_sessions, uses_of
from ...analysis.symbols import Function
from ...analysis.values import Statement
from ..examples import USER
from ..finding import Finding, Step, finding
from ..rule import Example

CODE = "AS703"
NAME = "write-without-commit"
ENDING = frozenset({"commit", "rollback", "flush"})
WRITING = frozenset({"add", "add_all", "delete", "merge"})
CHANGING = frozenset({"insert", "update", "delete"})
# What a session may be asked for without its writes being committed by it.
HARMLESS = WRITING | {
    "execute", "scalar", "scalars", "stream", "stream_scalars", "get", "get_one", "refresh", "flush", "close",
    "expunge", "expire", "expire_all",
}  # fmt: skip
# Whoever says so commits each statement by itself.
AUTOCOMMIT = b"AUTOCOMMIT"

MODEL = (
    """\
from sqlalchemy.ext.asyncio import AsyncSession, async_sessionmaker
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

SessionLocal: async_sessionmaker[AsyncSession]
"""
    + USER
)
EXAMPLES = (
    Example(
        bad=MODEL
        + """\
async def create(name: str) -> None:
    async with SessionLocal() as session:
        session.add(User(name=name))  # AS703


async def rename(key: int, name: str) -> User:
    async with SessionLocal() as session:
        user = await session.get_one(User, key)
        user.name = name
        return user
        await session.commit()  # AS703
""",
        good=MODEL
        + """\
async def create(name: str) -> None:
    async with SessionLocal.begin() as session:
        session.add(User(name=name))


async def rename(key: int, name: str) -> User:
    async with SessionLocal() as session:
        user = await session.get_one(User, key)
        user.name = name
        await session.commit()
        return user
""",
    ),
)


def find(program: Program) -> Iterator[Finding]:
    for function in tests_aside(program):
        yield from _unreachable(program, function)
        for opening, item in own_sessions(program, function):
            late = list(_too_late(program, function, opening, item))
            yield from late or _lost(program, function, opening, item)


def _unreachable(program: Program, function: Function) -> Iterator[Finding]:
    """Commits behind what leaves the block."""
    for node in function.own_nodes():
        for block in (getattr(node, name, None) for name in ("body", "orelse", "finalbody")):
            statements = block if isinstance(block, list) else []
            leaving = [i for i, s in enumerate(statements) if isinstance(s, ast.Return | ast.Raise | ast.Break)]
            for statement in statements[leaving[0] + 1 :] if leaving else ():
                for call in ast.walk(statement):
                    if isinstance(call, ast.Call) and _ends(program, call):
                        message = f"{function.source.text(call.func)}() is never reached: put it before what leaves"
                        yield finding(function.source, call, CODE, message)


def _too_late(program: Program, function: Function, opening: ast.AsyncWith, item: ast.Name) -> Iterator[Finding]:
    """Commits of a session behind the block that has ended it."""
    for node in function.own_nodes():
        match node:
            case ast.Call(func=ast.Attribute(value=ast.Name(id=name), attr=attr)) if (
                name == item.id and attr == "commit" and node.lineno > (opening.end_lineno or 0)
            ):
                if dominates(function.source, opening, node) and not _bound_between(function, opening, node, name):
                    message = f"{name}.commit() comes too late: the session has ended, and rolled back"
                    yield finding(function.source, node, CODE, message)


def _bound_between(function: Function, opening: ast.AsyncWith, node: ast.Call, name: str) -> bool:
    stores = [n for n in function.own_nodes() if isinstance(n, ast.Name) and n.id == name]
    return any(isinstance(n.ctx, ast.Store) and (opening.end_lineno or 0) < n.lineno <= node.lineno for n in stores)


def _lost(program: Program, function: Function, opening: ast.AsyncWith, item: ast.Name) -> Iterator[Finding]:
    """The first write of a session that nobody commits."""
    if any(AUTOCOMMIT in source.content for source in program.sources.values()):
        return
    calls = uses_of(program, function, [*opening.items, *opening.body], item.id)
    methods = {call.func.attr for call in calls or () if isinstance(call.func, ast.Attribute)}
    if calls is None or not methods <= HARMLESS:
        return
    write = next((call for call in calls or () if _writes(program, call)), None)
    if write is not None:
        home = program.function_around(write) or function
        text = program.short(home.source, write)
        message = f"{text} is rolled back when the session ends: commit before, or open it with begin()"
        place = write if home is function else item
        yield finding(function.source, place, CODE, message, [Step(home.source.path, write.lineno, f"calls {text}")])


def _writes(program: Program, call: ast.Call) -> bool:
    name = call.func.attr if isinstance(call.func, ast.Attribute) else ""
    statements = [v for a in call.args[:1] for v in program.values(a) if isinstance(v, Statement)]
    return name in WRITING or any(s.kind in CHANGING for s in statements)


def _ends(program: Program, call: ast.Call) -> bool:
    match call.func:
        case ast.Attribute(value=session, attr=attr) if attr in ENDING:
            values = program.values(session)
            return program.is_session(values) and is_async_database(program, values)
    return False
