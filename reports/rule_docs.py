"""The rules' documentation, made from the rules: `python -m asyncshift.reports.rule_docs > docs/rules.md`."""

from __future__ import annotations

import inspect
from collections.abc import Iterator
from itertools import groupby

from ..checks.engine import GROUPS, RULES
from ..checks.rule import Rule

HEAD = """\
# The rules of `asyncshift check`

`asyncshift check --explain CODE` prints one of them. This page is made from the rules themselves.
"""


def page() -> str:
    """All rules, by group."""
    return "\n".join(_parts())


def _parts() -> Iterator[str]:
    yield HEAD
    yield from _overview()
    for prefix, rules in groupby(RULES.values(), lambda rule: rule.CODE[:3]):
        yield f"## {GROUPS[prefix].title.capitalize()}\n"
        for rule in rules:
            yield section(rule)


def _overview() -> Iterator[str]:
    yield "| code | name | what is wrong |"
    yield "| --- | --- | --- |"
    for code, rule in RULES.items():
        yield f"| [{code}](#{code.lower()}-{rule.NAME}) | {rule.NAME} | {summary(rule)} |"
    yield ""


def summary(rule: Rule) -> str:
    """What is wrong, in one line."""
    return explanation(rule).partition("\n")[0]


def explanation(rule: Rule) -> str:
    """What is wrong, why that breaks, and what to do."""
    return inspect.cleandoc(rule.__doc__ or "")


def section(rule: Rule) -> str:
    """One rule, in Markdown."""
    parts = [f"### {rule.CODE} {rule.NAME}", explanation(rule)]
    for example in rule.EXAMPLES:
        parts += ["Reported:", _code(example.bad), "Instead:", _code(example.good)]
    return "\n\n".join(parts) + "\n"


def _code(text: str) -> str:
    return f"```python\n{text.strip()}\n```"


if __name__ == "__main__":
    print(page(), end="")
