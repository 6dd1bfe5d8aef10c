"""Every rule's examples: what is bad is reported where it says so, and nothing else is."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from asyncshift.analysis.program import Program
from asyncshift.analysis.settings import Settings
from asyncshift.checks.engine import GROUPS, RULES, check
from asyncshift.checks.rule import Example
from asyncshift.checks.rules import listed_finding_gone

EXAMPLES = [
    pytest.param(code, example, id=f"{code}-{number}")
    for code, rule in RULES.items()
    for number, example in enumerate(rule.EXAMPLES)
]
EMPTY = Path(__file__).parent  # no settings stand beside the module
MARK = re.compile(r"\bAS\d{3}\b")


def found(path: str, text: str) -> set[tuple[int, str]]:
    """Lines and codes of what is reported in one module."""
    program = Program.of_contents(EMPTY, {path: text.encode()}, Settings())
    return {(finding.line, finding.code) for finding in check(program)}


def marked(text: str) -> set[tuple[int, str]]:
    """Lines and codes that the last comments of a text's lines ask for."""
    comments = [(number, line.rpartition("#")[2]) for number, line in enumerate(text.splitlines(), 1) if "#" in line]
    return {(number, code) for number, comment in comments for code in MARK.findall(comment)}


@pytest.mark.parametrize(("code", "example"), EXAMPLES)
def test_an_example(code: str, example: Example) -> None:
    expected = marked(example.bad)
    assert {code} == {c for _, c in expected}
    assert found(example.path, example.bad) == expected
    assert found(example.path, example.good) == set()


@pytest.mark.parametrize("code", RULES)
def test_a_rule_is_complete(code: str) -> None:
    rule = RULES[code]
    assert re.fullmatch(r"AS\d{3}", code)
    assert code[:3] in GROUPS
    assert re.fullmatch(r"[a-z]+(-[a-z]+)*", rule.NAME)
    assert rule.__name__.rpartition(".")[2] == rule.NAME.replace("-", "_")  # type: ignore[attr-defined]
    assert rule.EXAMPLES or code == listed_finding_gone.CODE  # not about Python files
    summary, _, rest = (rule.__doc__ or "").partition("\n\n")
    assert summary.endswith(".")
    assert rest.strip()


def test_codes_and_names_are_given_once() -> None:
    files = list((Path(__file__).parent.parent.parent / "checks" / "rules").glob("[!_]*.py"))
    assert len(RULES) == len({rule.NAME for rule in RULES.values()}) == len(files)
