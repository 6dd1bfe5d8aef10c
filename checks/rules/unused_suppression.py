"""A comment accepts a finding that is not there.

The mistake has been mended, or the code is misspelt; left where it is, the comment would hide the next mistake. Take it
out.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator

from ...analysis.program import Program
from ..finding import Finding
from ..rule import Example
from ..suppression import Suppression

CODE = "AS903"
NAME = "unused-suppression"

EXAMPLES = (
    Example(
        bad="""\
from sqlalchemy.ext.asyncio import AsyncSession


async def save(session: AsyncSession) -> None:
    await session.commit()  # asyncshift: ignore[AS201] the caller awaits it  # AS903
""",
        good="""\
from sqlalchemy.ext.asyncio import AsyncSession


async def save(session: AsyncSession) -> None:
    await session.commit()
""",
    ),
)


def find(program: Program) -> Iterator[Finding]:
    """Nothing by the program alone: see `unused`."""
    return iter(())


def unused(comments: Iterable[Suppression], found: Collection[Finding], not_run: Collection[str]) -> Iterator[Finding]:
    """The comments that accept none of what was found; those on rules that were not run may."""
    for comment in comments:
        for code in comment.codes:
            if code not in not_run and not any(f.code == code and comment.holds_for(f) for f in found):
                yield comment.complaint(CODE, f"there is no {code} here: take the comment out")
