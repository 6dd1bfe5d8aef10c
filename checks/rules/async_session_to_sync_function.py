"""A sync function is given an async session and uses it as a sync one.

Its calls only make coroutines: nothing is written, and what it reads fails. The annotation of the parameter may still
say `Session`, which hides it from type checkers. Make the function async and await it, or run it with
`await session.run_sync(function)`.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator

from ...analysis.calling import runs_on_loop
from ...analysis.program import Program
from ...analysis.session_use import SyncUse, is_async_database, is_sync_database, session_use
from ..finding import Finding, finding
from ..rule import Example

CODE = "AS103"
NAME = "async-session-to-sync-function"

EXAMPLES = (
    Example(
        bad="""\
from sqlalchemy import create_engine, text
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import Session


def clean_up(session: Session) -> None:
    session.execute(text("DELETE FROM old"))


def main() -> None:
    with Session(create_engine("sqlite://")) as session:
        clean_up(session)


async def night(session: AsyncSession) -> None:
    clean_up(session)  # AS103
""",
        good="""\
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession


async def clean_up(session: AsyncSession) -> None:
    await session.execute(text("DELETE FROM old"))


async def night(session: AsyncSession) -> None:
    await clean_up(session)
""",
    ),
)


def find(program: Program) -> Iterator[Finding]:
    for function in program.functions:
        if runs_on_loop(program, function):
            for use in session_use(program).through_calls(function):
                if _is_given_async(program, use):
                    call = program.short(function.source, use.node)
                    message = f"{call} hands an async session to a sync function that uses it without await"
                    yield finding(function.source, use.node, CODE, message, use.chain)


def _is_given_async(program: Program, use: SyncUse) -> bool:
    """Does the call pass an async session, and no sync one?"""
    if not isinstance(use.node, ast.Call):
        return False
    given = [program.values(a) for a in (*use.node.args, *(k.value for k in use.node.keywords))]
    sessions = [values for values in given if is_async_database(program, values)]
    return (
        bool(sessions)
        and is_async_database(program, program.values(use.receiver[1]))
        and any(not is_sync_database(program, values) or program.is_session(values) for values in sessions)
    )
