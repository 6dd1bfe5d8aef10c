"""What the migration has left as it was, and said so: listed in `.asyncshift/kept.json`, and accepted by the gate.

The file belongs into version control, so that the gate tells the same everywhere, in the words of the migration.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterator, Mapping
from dataclasses import replace
from pathlib import Path

from ..checks.finding import Finding
from ..checks.outcome import Accepted, How, Outcome
from ..checks.rules import listed_finding_gone
from . import entries, writing
from .entries import Entry, Key, read, split


def applied(root: Path, outcome: Outcome) -> Outcome:
    """The outcome, in which what the migration has left is accepted.

    Raises:
        Failure: the file is broken.
    """
    listed = _listed(root)
    left, known = split(outcome.findings, _counts(listed))
    told = tuple(Accepted(replace(f, kept=listed[f.key].reason), How.KEPT, listed[f.key].reason) for f in known)
    return replace(outcome, findings=tuple(left), accepted=(*outcome.accepted, *told))


def record(root: Path, outcome: Outcome, reasons: Mapping[Finding, str]) -> None:
    """List the findings that have a reason, and those that were listed before and are still there.

    The outcome is that of the gate without the list.
    """
    listed = _listed(root)
    _, known = split(outcome.findings, _counts(listed))
    told = {**{f: listed[f.key].reason for f in known}, **reasons}
    counts = Counter(finding.key for finding in told)
    now = {finding.key: Entry(counts[finding.key], reason) for finding, reason in told.items()}
    if now != listed:
        _keep(root, now)


def gone(outcome: Outcome, looked_at: Collection[str], codes: Collection[str], root: Path) -> list[Finding]:
    """What is listed and no finding of the outcome any more, of the files `looked_at` and the rules `codes`."""
    listed = _listed(root)
    left = entries.gone(_counts(listed), _known(outcome), looked_at, codes, root)
    file = root / writing.HOME / writing.KEPT
    return list(entries.told_gone(file, listed, left, root, "--fix")) if listed_finding_gone.CODE in codes else []


def shrink(outcome: Outcome, looked_at: Collection[str], codes: Collection[str], root: Path) -> None:
    """Take out of the list what is no finding of the outcome any more."""
    listed = _listed(root)
    left = _counts(listed) - entries.gone(_counts(listed), _known(outcome), looked_at, codes, root)
    if left != _counts(listed):
        _keep(root, {key: replace(listed[key], count=count) for key, count in left.items()})


def _known(outcome: Outcome) -> Iterator[Finding]:
    return (accepted.finding for accepted in outcome.accepted if accepted.how is How.KEPT)


def _counts(listed: Mapping[Key, Entry]) -> Counter[Key]:
    return Counter({key: entry.count for key, entry in listed.items()})


def _keep(root: Path, listed: Mapping[Key, Entry]) -> None:
    writing.keep(root, entries.written(listed) if listed else None)


def _listed(root: Path) -> dict[Key, Entry]:
    file = root / writing.HOME / writing.KEPT
    return read(file) if file.is_file() else {}
