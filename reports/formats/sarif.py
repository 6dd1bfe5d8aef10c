"""SARIF 2.1.0, with the chains as code flows, the fixes, and what was accepted as suppressed results."""

from __future__ import annotations

import json
from collections.abc import Iterator
from importlib.metadata import version
from pathlib import Path
from typing import Any
from urllib.parse import quote

from ...checks.engine import RULES, group
from ...checks.finding import Finding
from ...checks.fix import Fix
from ...checks.outcome import Accepted, How, Outcome
from ...checks.rule import Rule
from ..rule_docs import explanation, section, summary
from .places import Lines, fingerprints

SCHEMA = "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json"
KINDS = {How.SUPPRESSED: "inSource", How.KEPT: "external", How.BASELINE: "external"}
CODES = list(RULES)


def lines(outcome: Outcome, base: Path) -> Iterator[str]:
    """One JSON object."""
    source = Lines(base)
    told = [*((f, []) for f in outcome.findings), *((a.finding, [_suppression(a)]) for a in outcome.accepted)]
    marks = fingerprints(finding for finding, _ in told)
    results = [
        {**_result(finding, source), "partialFingerprints": {"asyncshift/v1": mark}, "suppressions": suppressed}
        for (finding, suppressed), mark in zip(told, marks, strict=True)
    ]
    notes = [{"level": "error", "message": {"text": failure}} for failure in outcome.failures]
    run = {
        "tool": {"driver": _driver()},
        "columnKind": "unicodeCodePoints",
        "invocations": [{"executionSuccessful": not notes, "toolExecutionNotifications": notes}],
        "results": results,
    }
    yield json.dumps({"$schema": SCHEMA, "version": "2.1.0", "runs": [run]}, indent=1)


def _driver() -> dict[str, Any]:
    rules = [_rule(code, rule) for code, rule in RULES.items()]
    return {"name": "asyncshift", "version": version("asyncshift"), "rules": rules}


def _rule(code: str, rule: Rule) -> dict[str, Any]:
    return {
        "id": code,
        "name": "".join(part.capitalize() for part in rule.NAME.split("-")),
        "shortDescription": {"text": summary(rule)},
        "fullDescription": {"text": explanation(rule)},
        "help": {"text": explanation(rule), "markdown": section(rule)},
        "defaultConfiguration": {"level": group(code).level},
    }


def _result(finding: Finding, source: Lines) -> dict[str, Any]:
    result: dict[str, Any] = {
        "ruleId": finding.code,
        "ruleIndex": CODES.index(finding.code),
        "level": group(finding.code).level,
        "message": {"text": finding.message},
        "locations": [{"physicalLocation": _place(finding.path, _region(finding, source))}],
    }
    if finding.chain:
        steps = [
            {"physicalLocation": _place(step.path, {"startLine": step.line}), "message": {"text": step.text}}
            for step in finding.chain
        ]
        result["codeFlows"] = [{"threadFlows": [{"locations": [{"location": step} for step in steps]}]}]
    if finding.fix is not None:
        result["fixes"] = [_fix(finding.path, finding.fix)]
    return result


def _place(path: str, region: dict[str, int]) -> dict[str, Any]:
    return {"artifactLocation": _file(path), "region": region}


def _file(path: str) -> dict[str, str]:
    return {"uri": quote(path), "uriBaseId": "%SRCROOT%"}


def _region(finding: Finding, source: Lines) -> dict[str, int]:
    return {
        "startLine": finding.line,
        "startColumn": source.column(finding.path, finding.line, finding.column),
        "endLine": finding.end_line,
        "endColumn": source.column(finding.path, finding.end_line, finding.end_column),
    }


def _fix(path: str, fix: Fix) -> dict[str, Any]:
    replacements = [
        {
            "deletedRegion": {"byteOffset": edit.start, "byteLength": edit.end - edit.start},
            "insertedContent": {"text": edit.text},
        }
        for edit in fix.edits
    ]
    words = "safe" if fix.is_safe else "may change the meaning"
    change = {"artifactLocation": _file(path), "replacements": replacements}
    return {"description": {"text": words}, "artifactChanges": [change]}


def _suppression(accepted: Accepted) -> dict[str, str]:
    return {"kind": KINDS[accepted.how], "status": "accepted", "justification": accepted.reason}
