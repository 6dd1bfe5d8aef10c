"""The rules' documentation says what the rules say."""

from __future__ import annotations

from pathlib import Path

from asyncshift.checks.engine import RULES
from asyncshift.reports.rule_docs import page, summary

ROOT = Path(__file__).parent.parent.parent


def test_the_page_is_current() -> None:
    """Otherwise: `python -m asyncshift.reports.rule_docs > docs/rules.md`."""
    assert (ROOT / "docs" / "rules.md").read_text("utf-8") == page()


def test_every_rule_is_on_the_page() -> None:
    text = page()
    assert [code for code, rule in RULES.items() if f"### {code} {rule.NAME}\n\n{summary(rule)}" not in text] == []
