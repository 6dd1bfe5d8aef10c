"""A sync session, connection or engine is used on the event loop.

Every query blocks the loop until the database has answered: all other tasks wait. The chain shows the way down to the
call. Use an AsyncSession there, made by an `async_sessionmaker` over an async engine.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator

from ...analysis.calling import runs_on_loop, tests_aside
from ...analysis.program import Program
from ...analysis.session_use import SyncUse, is_async_database, is_sync_database, session_use
from ..finding import Finding, finding
from ..rule import Example
from .sync_facade import FACADES

CODE = "AS102"
NAME = "sync-session-in-async"

EXAMPLES = (
    Example(
        bad="""\
from sqlalchemy import create_engine, text
from sqlalchemy.orm import Session, sessionmaker

engine = create_engine("sqlite://")
SessionLocal = sessionmaker(engine)


def count(session: Session) -> int:
    return session.execute(text("SELECT 1")).scalar_one()


async def show() -> int:
    session = SessionLocal()
    session.execute(text("SELECT 1"))  # AS102
    return count(session)  # AS102
""",
        good="""\
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession, async_sessionmaker, create_async_engine

engine = create_async_engine("sqlite+aiosqlite://")
SessionLocal = async_sessionmaker(engine, expire_on_commit=False)


async def count(session: AsyncSession) -> int:
    return (await session.execute(text("SELECT 1"))).scalar_one()


async def show() -> int:
    async with SessionLocal() as session:
        await session.execute(text("SELECT 1"))
        return await count(session)
""",
    ),
)


def find(program: Program) -> Iterator[Finding]:
    uses = session_use(program)
    for function in tests_aside(program):
        if runs_on_loop(program, function):
            direct = [use for use in uses.direct(function) if _is_sync(program, use)]
            deeper = [use for use in uses.through_calls(function) if _is_sync(program, use)]
            # Of many calls of one function that lead to the same place the first tells all.
            for use in (*direct, *{(u.callee, u.receiver[1]): u for u in reversed(deeper)}.values()):
                call = program.short(function.source, use.node)
                message = f"{call} uses a sync session or engine on the event loop, which blocks it: use an async one"
                yield finding(function.source, use.node, CODE, message, use.chain)


def _is_sync(program: Program, use: SyncUse) -> bool:
    """Is it sync alone, and not the sync side of what is async, which has a rule of its own?"""
    receiver = use.receiver[1]
    if isinstance(receiver, ast.Attribute) and receiver.attr in FACADES:
        return False
    values = program.values(receiver)
    return is_sync_database(program, values) and not is_async_database(program, values)
