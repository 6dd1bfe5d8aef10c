"""The forms in which findings are told: a module each, whose `lines(outcome, base)` gives what is printed.

Paths in the outcome are relative to the folder `base`. Text that may be coloured is rich's, all else plain strings.
"""

from __future__ import annotations

from collections.abc import Iterable
from importlib import import_module
from pathlib import Path
from typing import Protocol, cast

from rich.text import Text

from ...checks.outcome import Outcome

FORMATS = ("text", "concise", "json", "sarif", "github", "gitlab", "junit")


class Format(Protocol):
    """A module of this package."""

    def lines(self, outcome: Outcome, base: Path) -> Iterable[Text | str]:
        """What is printed."""


def lines(name: str, outcome: Outcome, base: Path) -> Iterable[Text | str]:
    """An outcome in the form of that name."""
    return cast(Format, import_module(f".{name}", __package__)).lines(outcome, base)
