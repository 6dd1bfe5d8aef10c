"""A file could not be parsed.

What it does with a session is not known, nor what it calls and what calls it: the gate can't vouch for it. Mend the
file, or leave it out with `exclude` in `[tool.asyncshift]` if it is no module of the project, such as a template.
"""

from __future__ import annotations

from collections.abc import Iterator

from ...analysis.program import Program
from ..finding import Finding
from ..rule import Example

CODE = "AS901"
NAME = "unparsable-file"

EXAMPLES = (
    Example(
        bad="""\
async def save(session):
    await session.commit(  # AS901
""",
        good="""\
async def save(session):
    await session.commit()
""",
    ),
)


def find(program: Program) -> Iterator[Finding]:
    for path, message in program.broken.items():
        line, _, what = message.removeprefix(f"{path}:").partition(": ")
        yield Finding(path, int(line), 0, int(line), 0, CODE, what)
