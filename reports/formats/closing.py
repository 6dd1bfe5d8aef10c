"""The sentence at the end."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

from rich.text import Text

from ...checks.outcome import How, Outcome

ACCEPTED = {How.KEPT: "kept", How.SUPPRESSED: "suppressed", How.BASELINE: "in the baseline"}


def closing(outcome: Outcome) -> Text:
    """How much was found, can be mended, and was accepted."""
    return Text("; ".join([_found(outcome), *_mendable(outcome), *_accepted(outcome)]) + ".", "bold")


def _found(outcome: Outcome) -> str:
    count = len(outcome.findings)
    if not count:
        return "Nothing found"
    files = len({finding.path for finding in outcome.findings})
    return f"{count} finding{'s' * (count > 1)} in {files} file{'s' * (files > 1)}"


def _mendable(outcome: Outcome) -> Iterator[str]:
    fixes = Counter(f.fix.is_safe for f in outcome.findings if f.fix is not None)
    if fixes[True]:
        yield f"--fix mends {fixes[True]}"
    if fixes[False]:
        yield f"--unsafe-fixes mends {fixes.total()}"


def _accepted(outcome: Outcome) -> Iterator[str]:
    counts = Counter(accepted.how for accepted in outcome.accepted)
    for how, words in ACCEPTED.items():
        if counts[how]:
            yield f"{counts[how]} {words}"
