"""The baseline lists a finding that is not there any more.

Left in the file, the entry would hide the mistake when it comes back: a baseline may only shrink. Run the check with
`--write-baseline`, which takes the entry out and adds none.
"""

from __future__ import annotations

from collections.abc import Iterator

from ...analysis.program import Program
from ..finding import Finding
from ..rule import Example

CODE = "AS905"
NAME = "baseline-entry-gone"

EXAMPLES: tuple[Example, ...] = ()


def find(program: Program) -> Iterator[Finding]:
    """Nothing by the program alone: see `at`."""
    return iter(())


def at(path: str, line: int, entry: tuple[str, str, str, str]) -> Finding:
    """The finding at a line of the baseline."""
    code, file, function, source = entry
    message = f"{code} is gone from {file}: --write-baseline takes the entry out"
    return Finding(path, line, 0, line, 0, CODE, message, source=f"{code} {file} {function} {source}")
