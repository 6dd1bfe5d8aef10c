"""An attribute of an expired object is read.

A commit expires the objects of the session unless its factory says `expire_on_commit=False`; a rollback and
`expire_all()` always do, in a function that is called too; so does the refresh of an object whose relationship to it
has `cascade="all"`. The next read of an attribute sends a query, and outside of a greenlet that raises MissingGreenlet.
The chain shows what expires it, and where a callee reads it. Give the factory `expire_on_commit=False`,
`await session.refresh(…)`, or read what is needed before.
"""

from __future__ import annotations

from collections.abc import Iterator

from ...analysis.expired import expired
from ...analysis.program import Program
from ..examples import USER
from ..finding import Finding, finding
from ..rule import Example

CODE = "AS302"
NAME = "expired-attribute"

MODEL = (
    """\
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column
"""
    + USER
    + """\
async def give_up(session: AsyncSession) -> None:
    await session.rollback()


"""
)
EXAMPLES = (
    Example(
        bad=MODEL
        + """\
async def rename(session: AsyncSession, user: User, name: str) -> str:
    try:
        user.name = name
        await session.flush()
    except ValueError:
        await give_up(session)
        return f"{user.name} stays"  # AS302
    return name
""",
        good=MODEL
        + """\
async def rename(session: AsyncSession, user: User, name: str) -> str:
    try:
        user.name = name
        await session.flush()
    except ValueError:
        await give_up(session)
        await session.refresh(user)
        return f"{user.name} stays"
    return name
""",
    ),
)


def find(program: Program) -> Iterator[Finding]:
    for read in expired(program).reads():
        message = (
            f"{read.what} is read of an expired object, which sends a query implicitly: refresh it, or read before"
        )
        yield finding(read.function.source, read.node, CODE, message, (*read.event.chain, *read.chain))
