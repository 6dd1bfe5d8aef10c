"""The plan: a list of decisions, each one thing that is done, kept or declined at one site."""

from __future__ import annotations

import ast
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from enum import StrEnum
from typing import Any

from .source import Site

# What an action begins with that takes a name out of the project, which others may use.
GOES_AWAY = "goes away"
# What an action ends with that makes an event loop, and what is told of several of them.
RUNS_A_LOOP = "asyncio.run"
OWN_LOOPS = (
    "each call runs on an event loop of its own: an engine with a pool, shared with other loops, must be disposed in it"
)
# The path of a site that is the project as a whole.
PROJECT = "."
# Of the JSON form of a plan.
VERSION = 1


class Status(StrEnum):
    """What becomes of a site."""

    DONE = "done"
    KEPT = "kept"  # on purpose: it must stay as it is
    DECLINED = "declined"  # a person has to look


class Confidence(StrEnum):
    """How sure a decision is."""

    HIGH = "high"
    MEDIUM = "medium"
    LOW = "low"


@dataclass(frozen=True, slots=True)
class Step:
    """One link of a why-chain: a site and what happens there."""

    site: Site
    what: str

    @classmethod
    def from_json(cls, values: Mapping[str, Any]) -> Step:
        line = values["line"]
        return cls(Site(values["path"], line, 0, line, 0), values["what"])

    def as_json(self) -> dict[str, Any]:
        return {"path": self.site.path, "line": self.site.line, "what": self.what}


@dataclass(frozen=True, slots=True, eq=False)
class Decision:
    """One thing the plan says of a site.

    `codemod` carries it out; `function` is the dotted name of the function around the site ("" at module level);
    `why` leads from the site down to the seed; `data` is what the codemod needs beyond the site, JSON values only.
    `node` is the syntax node at the site.
    """

    codemod: str
    site: Site
    action: str
    status: Status = Status.DONE
    confidence: Confidence = Confidence.HIGH
    concern: str = ""
    why: tuple[Step, ...] = ()
    function: str = ""
    data: Mapping[str, Any] = field(default_factory=dict)
    node: ast.AST | None = field(default=None, repr=False, compare=False)

    @classmethod
    def from_json(cls, values: Mapping[str, Any]) -> Decision:
        """The decision that `as_json` told of, without what only its codemod needs."""
        numbers = (values[name] for name in ("line", "column", "end_line", "end_column"))
        return cls(
            values["codemod"],
            Site(values["path"], *numbers),
            values["action"],
            Status(values["status"]),
            Confidence(values["confidence"]),
            values["concern"],
            tuple(Step.from_json(step) for step in values["why"]),
            values["function"],
        )

    def as_json(self) -> dict[str, Any]:
        """The decision as JSON values; the form of `asyncshift plan --format json`."""
        return {
            "codemod": self.codemod,
            "path": self.site.path,
            "line": self.site.line,
            "column": self.site.column,
            "end_line": self.site.end_line,
            "end_column": self.site.end_column,
            "function": self.function,
            "action": self.action,
            "status": str(self.status),
            "confidence": str(self.confidence),
            "concern": self.concern,
            "why": [step.as_json() for step in self.why],
        }


@dataclass(slots=True)
class Plan:
    """All decisions, in the order of their sites."""

    decisions: list[Decision]

    def __iter__(self) -> Iterator[Decision]:
        return iter(self.decisions)

    def __len__(self) -> int:
        return len(self.decisions)

    def decline(self, decision: Decision, concern: str) -> None:
        """What was planned can't be done."""
        declined = replace(decision, status=Status.DECLINED, confidence=Confidence.LOW, concern=concern)
        self.decisions[self.decisions.index(decision)] = declined

    def only(self, codemods: Iterable[str], files: Collection[str] | None = None) -> Plan:
        """The part that these codemods carry out, in these files or in all."""
        wanted = set(codemods)
        return Plan([d for d in self.decisions if d.codemod in wanted and (files is None or d.site.path in files)])

    def without(self, codemods: Iterable[str]) -> Plan:
        """The part that is left without these codemods."""
        unwanted = set(codemods)
        return Plan([d for d in self.decisions if d.codemod not in unwanted])
