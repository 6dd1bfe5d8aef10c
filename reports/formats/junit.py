"""JUnit XML: each finding is a test case that failed; where there is none, one has passed."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from xml.etree import ElementTree

from ...checks.engine import RULES
from ...checks.finding import Finding
from ...checks.outcome import Outcome

NOT_XML = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def lines(outcome: Outcome, base: Path) -> Iterator[str]:
    """One XML document."""
    count = len(outcome.findings)
    counts = {"tests": str(max(count, 1)), "failures": str(count), "errors": "0"}
    suites = ElementTree.Element("testsuites", {"name": "asyncshift", **counts})
    suite = ElementTree.SubElement(suites, "testsuite", {"name": "asyncshift check", **counts})
    if not count:
        ElementTree.SubElement(suite, "testcase", {"name": "check", "classname": "asyncshift"})
    for finding in outcome.findings:
        _case(suite, finding)
    ElementTree.indent(suites)
    yield '<?xml version="1.0" encoding="utf-8"?>'
    yield ElementTree.tostring(suites, encoding="unicode")


def _case(suite: ElementTree.Element, finding: Finding) -> None:
    place = f"{finding.path}:{finding.line}:{finding.column + 1}"
    name = f"{finding.code} {RULES[finding.code].NAME} {place}"
    case = ElementTree.SubElement(suite, "testcase", {"name": _legal(name), "classname": _legal(finding.path)})
    failure = ElementTree.SubElement(case, "failure", {"type": finding.code, "message": _legal(finding.message)})
    steps = [f"{step.path}:{step.line}: {step.text}" for step in finding.chain]
    failure.text = _legal("\n".join([f"{place}: {finding.message}", *steps]))


def _legal(text: str) -> str:
    """The text without characters that XML does not know."""
    return NOT_XML.sub("�", text)
