"""Files that Python can't parse, such as templates of code, are left as they are.

class {{ name }}:    ->    class {{ name }}:

That is done only where they have nothing to do with databases and no other file imports them; any other ends the
migration before it begins.
"""

from __future__ import annotations

from collections.abc import Iterator

from ..analysis.decisions import Confidence, Decision, Status
from ..analysis.program import Program
from ..analysis.source import Site
from .carried import LEFT
from .edit import Edit

NAME = "unparsed"


def decide(program: Program) -> Iterator[Decision]:
    """A decision for each such file."""
    for path, message in program.broken.items():
        line, _, what = message.removeprefix(f"{path}:").partition(": ")
        yield Decision(NAME, Site(path, int(line), 0, int(line), 0), LEFT, Status.DECLINED, Confidence.HIGH, what)


def rewrite(decision: Decision, program: Program) -> Iterator[Edit]:
    """Nothing."""
    yield from ()
