"""A list of what does not count names a finding that is not there any more.

Left in the file, the entry would hide the mistake when it comes back: a baseline, and the list of what the migration
kept, may only shrink. `check --write-baseline` takes the entry out of a baseline, `check --fix` out of
`.asyncshift/kept.json`; both add none.
"""

from __future__ import annotations

from collections.abc import Iterator

from ...analysis.program import Program
from ..finding import Finding
from ..rule import Example

CODE = "AS905"
NAME = "listed-finding-gone"

EXAMPLES: tuple[Example, ...] = ()


def find(program: Program) -> Iterator[Finding]:
    """Nothing by the program alone: see `at`."""
    return iter(())


def at(path: str, line: int, entry: tuple[str, str, str, str], option: str) -> Finding:
    """The finding at a line of the list; the option takes the entry out."""
    code, file, function, source = entry
    message = f"{code} is gone from {file}: {option} takes the entry out"
    return Finding(path, line, 0, line, 0, CODE, message, source=f"{code} {file} {function} {source}")
