"""What a rule is."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Protocol

from ..analysis.program import Program
from .finding import Finding


@dataclass(frozen=True, slots=True)
class Example:
    """A module with a mistake and the same one without: tests and documentation are made from both.

    In `bad` every line that must be reported ends with the rule's code as a comment (`# AS201`), and nothing else may
    be; in `good` nothing may be. `path` is the file's name, for rules that look only at some.
    """

    bad: str
    good: str
    path: str = "app.py"


class Rule(Protocol):
    """A module of `rules/`.

    Its docstring begins with one line that says what is wrong; then why that breaks, and what to do. `CODE` is grouped
    by hundreds (see `engine.GROUPS`). A finding may carry the reason why it is kept, and a fix.
    """

    CODE: str
    NAME: str
    EXAMPLES: tuple[Example, ...]

    def find(self, program: Program) -> Iterator[Finding]:
        """Everything in the program that breaks the rule."""
