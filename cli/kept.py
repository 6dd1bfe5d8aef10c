"""What the migration has left as it was, and said so: listed in `.asyncshift/kept.json`, and accepted by the gate.

The file belongs into version control, so that the gate tells the same everywhere, in the words of the migration.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

from ..checks.finding import Finding
from ..checks.outcome import Accepted, How, Outcome
from . import writing
from .entries import Entry, Key, read, split, written


def applied(root: Path, outcome: Outcome) -> Outcome:
    """The outcome, in which what the migration has left is accepted.

    Raises:
        Failure: the file is broken.
    """
    listed = _listed(root)
    left, known = split(outcome.findings, {key: entry.count for key, entry in listed.items()})
    told = tuple(Accepted(replace(f, kept=listed[f.key].reason), How.KEPT, listed[f.key].reason) for f in known)
    return replace(outcome, findings=tuple(left), accepted=(*outcome.accepted, *told))


def record(root: Path, outcome: Outcome, reasons: Mapping[Finding, str]) -> None:
    """List the findings that have a reason, and those that were listed before and are still there.

    The outcome is that of the gate without the list.
    """
    listed = _listed(root)
    _, known = split(outcome.findings, {key: entry.count for key, entry in listed.items()})
    told = {**{f: listed[f.key].reason for f in known}, **reasons}
    counts = Counter(finding.key for finding in told)
    entries = {finding.key: Entry(counts[finding.key], reason) for finding, reason in told.items()}
    if entries != listed:
        writing.keep(root, written(entries) if entries else None)


def _listed(root: Path) -> dict[Key, Entry]:
    file = root / writing.HOME / writing.KEPT
    return read(file) if file.is_file() else {}
