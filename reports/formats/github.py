"""Workflow commands of GitHub Actions, which shows them as annotations at the lines of a pull request."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from ...checks.engine import RULES, group
from ...checks.finding import Finding
from ...checks.outcome import Outcome
from .places import Lines

IN_MESSAGES = {"%": "%25", "\r": "%0D", "\n": "%0A"}
IN_PROPERTIES = {**IN_MESSAGES, ":": "%3A", ",": "%2C"}


def lines(outcome: Outcome, base: Path) -> Iterator[str]:
    """One command a finding."""
    source = Lines(base)
    for finding in outcome.findings:
        yield f"::{group(finding.code).level} {_properties(finding, source)}::{_message(finding)}"


def _properties(finding: Finding, source: Lines) -> str:
    properties: dict[str, object] = {"file": finding.path, "line": finding.line, "endLine": finding.end_line}
    if finding.line == finding.end_line and finding.end_column > finding.column:
        # GitHub takes columns only for what lies on one line.
        properties["col"] = source.column(finding.path, finding.line, finding.column)
        properties["endColumn"] = source.column(finding.path, finding.line, finding.end_column)
    properties["title"] = f"{finding.code} {RULES[finding.code].NAME}"
    return ",".join(f"{name}={_escaped(str(value), IN_PROPERTIES)}" for name, value in properties.items())


def _message(finding: Finding) -> str:
    steps = [f"{step.path}:{step.line}: {step.text}" for step in finding.chain]
    return _escaped("\n".join([finding.message, *steps]), IN_MESSAGES)


def _escaped(text: str, table: dict[str, str]) -> str:
    return "".join(table.get(character, character) for character in text)
