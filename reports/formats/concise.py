"""One line a finding."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from rich.text import Text

from ...checks.finding import Finding
from ...checks.outcome import Outcome
from .closing import closing
from .places import Lines


def lines(outcome: Outcome, base: Path) -> Iterator[Text]:
    """The findings, and how many there are."""
    source = Lines(base)
    for finding in outcome.findings:
        yield heading(finding, source)
    yield closing(outcome)


def heading(finding: Finding, source: Lines) -> Text:
    """Place, code and message."""
    column = source.column(finding.path, finding.line, finding.column)
    place = f"{finding.path}:{finding.line}:{column}:"
    return Text.assemble((place, "bold"), " ", (finding.code, "red"), " ", finding.message)
