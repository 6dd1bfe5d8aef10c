"""The commands as functions: `from asyncshift import api`, then `api.plan("path")`, `api.check("path")` and so on."""

from .cli.api import (
    Confidence,
    Decision,
    Failure,
    Finding,
    Migration,
    Outcome,
    Site,
    Status,
    Step,
    assess,
    check,
    migrate,
    plan,
    report,
    undo,
)

__all__ = [
    "Confidence",
    "Decision",
    "Failure",
    "Finding",
    "Migration",
    "Outcome",
    "Site",
    "Status",
    "Step",
    "assess",
    "check",
    "migrate",
    "plan",
    "report",
    "undo",
]
