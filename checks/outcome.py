"""What came of a check: findings, and those that somebody has accepted."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Any

from .finding import Finding

# Of the JSON form.
VERSION = 1


class How(StrEnum):
    """How a finding was accepted."""

    SUPPRESSED = "suppressed"  # by a comment
    KEPT = "kept"  # it stays sync on purpose
    BASELINE = "baseline"  # it was there when the baseline was written


@dataclass(frozen=True, slots=True)
class Accepted:
    """A finding that does not count, and why."""

    finding: Finding
    how: How
    reason: str

    def as_json(self) -> dict[str, Any]:
        """The finding as JSON values, with how and why it was accepted."""
        return {**self.finding.as_json(), "how": str(self.how), "reason": self.reason}


@dataclass(frozen=True, slots=True)
class Outcome:
    """Everything that a check has to tell; `failures` are rules that could not be run, one line each."""

    findings: tuple[Finding, ...]
    accepted: tuple[Accepted, ...] = ()
    failures: tuple[str, ...] = ()

    def only(self, wanted: Callable[[Finding], bool]) -> Outcome:
        """The part that tells of wanted findings."""
        return replace(
            self,
            findings=tuple(f for f in self.findings if wanted(f)),
            accepted=tuple(a for a in self.accepted if wanted(a.finding)),
        )

    def moved(self, relative: Callable[[str], str]) -> Outcome:
        """The outcome with other paths."""
        return replace(
            self,
            findings=tuple(f.moved(relative) for f in self.findings),
            accepted=tuple(replace(a, finding=a.finding.moved(relative)) for a in self.accepted),
        )

    def as_json(self) -> dict[str, Any]:
        """The outcome as JSON values; the form of `asyncshift check --format json`."""
        return {
            "version": VERSION,
            "findings": [finding.as_json() for finding in self.findings],
            "accepted": [accepted.as_json() for accepted in self.accepted],
            "failures": list(self.failures),
        }

    @classmethod
    def from_json(cls, values: Mapping[str, Any]) -> Outcome:
        """The outcome of which these are the JSON values."""
        return cls(
            tuple(map(Finding.from_json, values["findings"])),
            tuple(_accepted(dict(accepted)) for accepted in values["accepted"]),
            tuple(values["failures"]),
        )


def _accepted(values: dict[str, Any]) -> Accepted:
    how, reason = values.pop("how"), values.pop("reason")
    return Accepted(Finding.from_json(values), How(how), reason)
