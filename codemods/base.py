"""What a codemod is."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Protocol

from ..analysis.decisions import Decision
from ..analysis.program import Program
from .edit import Edit


class Codemod(Protocol):
    """A module of this package that decides what it would change and carries it out.

    The module's docstring begins with one line that says what it does; `asyncshift codemod` prints it.
    """

    NAME: str

    def decide(self, program: Program) -> Iterator[Decision]:
        """Everything this codemod would do, would keep or declines in the whole program."""

    def rewrite(self, decision: Decision, program: Program) -> Iterator[Edit]:
        """The edits of one decision, in the file `decision.site.path`."""
