"""For people: each finding with its source line and the chain that makes it true, then what is kept and why."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

from rich.text import Text

from ...checks.finding import Finding, Step
from ...checks.outcome import How, Outcome
from .closing import closing
from .concise import heading
from .places import Lines


def lines(outcome: Outcome, base: Path) -> Iterator[Text]:
    """Findings, what is kept, and how many there are."""
    source = Lines(base)
    for finding in outcome.findings:
        yield heading(finding, source)
        yield from _shown(finding, source.line(finding.path, finding.line))
        yield from _chain(finding.chain)
        yield Text("")
    kept = [accepted for accepted in outcome.accepted if accepted.how is How.KEPT]
    for accepted in kept:
        place = f"{accepted.finding.path}:{accepted.finding.line}:"
        yield Text.assemble((place, "dim"), f" keep {accepted.finding.code} ", (accepted.reason, "dim"))
    if kept:
        yield Text("")
    yield closing(outcome)


def _shown(finding: Finding, line: bytes) -> Iterator[Text]:
    """The source line, and marks below what is meant."""
    end = finding.end_column if finding.end_line == finding.line else len(line.rstrip())
    before, meant = (part.decode(errors="replace") for part in (line[: finding.column], line[finding.column : end]))
    if meant:
        yield Text.assemble((f"{finding.line:>5} | ", "dim"), line.decode(errors="replace").rstrip())
        yield Text.assemble((f"{'':>5} | ", "dim"), re.sub(r"[^\t]", " ", before), ("^" * len(meant), "red"))


def _chain(chain: tuple[Step, ...]) -> Iterator[Text]:
    """The steps, their places aligned."""
    places = [f"{step.path}:{step.line}" for step in chain]
    width = max(map(len, places), default=0)
    for place, step in zip(places, chain, strict=True):
        yield Text.assemble((f"        {place.ljust(width)}  ", "dim"), (step.text, "cyan"))
