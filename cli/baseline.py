"""A file of findings that are known and do not count. It may only shrink: what has been mended must not come back."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Mapping
from dataclasses import replace
from pathlib import Path

from ..checks.outcome import Accepted, How, Outcome
from ..checks.rules import listed_finding_gone
from . import entries
from .entries import Entry, Key, read, split
from .errors import Failure

REASON = "in the baseline"


def applied(file: Path, outcome: Outcome, looked_at: Collection[str], codes: Collection[str], root: Path) -> Outcome:
    """The outcome, in which the findings that the file lists are accepted.

    Of the files `looked_at` and the rules `codes` an entry that is no finding any more is a finding itself.

    Raises:
        Failure: there is no such file, or it is broken.
    """
    listed = _listed(file)
    left, accepted = split(outcome.findings, listed)
    if listed_finding_gone.CODE in codes:
        gone = entries.gone(listed, accepted, looked_at, codes, root)
        left += entries.told_gone(file, listed, gone, root, "--write-baseline")
    told = (Accepted(finding, How.BASELINE, REASON) for finding in accepted)
    return replace(outcome, findings=tuple(left), accepted=(*outcome.accepted, *told))


def written(file: Path, outcome: Outcome, looked_at: Collection[str], codes: Collection[str], root: Path) -> None:
    """Make the file of all findings; where there is one, take out of it what has been mended.

    Raises:
        Failure: the file is broken.
    """
    if not file.exists():
        _write(file, Counter(finding.key for finding in outcome.findings))
        return
    listed = _listed(file)
    _, accepted = split(outcome.findings, listed)
    gone = entries.gone(listed, accepted, looked_at, codes, root)
    if gone:
        _write(file, listed - gone)


def _listed(file: Path) -> Counter[Key]:
    try:
        return Counter({key: entry.count for key, entry in read(file).items()})
    except OSError as error:
        raise Failure(f"--baseline: {file}: {error.strerror}; --write-baseline makes it") from None


def _write(file: Path, counts: Mapping[Key, int]) -> None:
    file.write_bytes(entries.written({key: Entry(count) for key, count in counts.items()}))
