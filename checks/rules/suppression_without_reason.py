"""A comment accepts findings, but does not say which or why.

Whoever reads the code later can't tell whether the reason still holds. Write the codes and the reason:
`# asyncshift: ignore[AS502] runs before the server does`.
"""

from __future__ import annotations

from collections.abc import Iterator

from ...analysis.program import Program
from ..finding import Finding
from ..rule import Example
from ..suppression import suppressions

CODE = "AS904"
NAME = "suppression-without-reason"

EXAMPLES = (
    Example(
        bad="""\
from sqlalchemy.ext.asyncio import AsyncSession


async def save(session: AsyncSession) -> None:
    session.commit()  # asyncshift: ignore[AS201]  # AS904
""",
        good="""\
from sqlalchemy.ext.asyncio import AsyncSession


async def save(session: AsyncSession) -> None:
    session.commit()  # asyncshift: ignore[AS201] shows what happens without await
""",
    ),
)


def find(program: Program) -> Iterator[Finding]:
    for comment in suppressions(program):
        if not comment.codes:
            yield comment.complaint(CODE, "say which findings are accepted: ignore[CODE] reason")
        elif not comment.reason:
            yield comment.complaint(CODE, f"say why {', '.join(comment.codes)} is accepted: ignore[CODE] reason")
