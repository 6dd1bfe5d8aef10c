"""GitLab's code quality report."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from ...checks.engine import RULES, group
from ...checks.finding import Finding
from ...checks.outcome import Outcome
from .places import fingerprints

SEVERITIES = {"error": "major", "warning": "minor"}


def lines(outcome: Outcome, base: Path) -> Iterator[str]:
    """One JSON array."""
    marks = fingerprints(outcome.findings)
    yield json.dumps([_issue(f, mark) for f, mark in zip(outcome.findings, marks, strict=True)], indent=1)


def _issue(finding: Finding, fingerprint: str) -> dict[str, Any]:
    steps = [f"{step.path}:{step.line}: {step.text}" for step in finding.chain]
    return {
        "type": "issue",
        "check_name": f"{finding.code} {RULES[finding.code].NAME}",
        "description": finding.message,
        "content": {"body": "\n".join(steps)},
        "categories": ["Bug Risk"],
        "severity": SEVERITIES[group(finding.code).level],
        "fingerprint": fingerprint,
        "location": {"path": finding.path, "lines": {"begin": finding.line, "end": finding.end_line}},
    }
