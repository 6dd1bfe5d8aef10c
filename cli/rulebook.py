"""The rules as a user names, counts and looks them up."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence

from rich.text import Text

from ..checks.engine import RULES
from ..checks.outcome import Outcome
from ..reports.rule_docs import section
from .console import table
from .project import known

NAMES = {rule.NAME: code for code, rule in RULES.items()}


def chosen_codes(select: Sequence[str], ignore: Sequence[str]) -> frozenset[str]:
    """The codes of the rules that count.

    Raises:
        Failure: a word means no rule, one line each.
    """
    return frozenset(_codes(select) if select else RULES) - _codes(ignore)


def explained(word: str) -> str:
    """The documentation of what a word means: one rule, or a group of them."""
    return "\n".join(section(RULES[code]) for code in sorted(_codes([word])))


def statistics(outcome: Outcome) -> Iterator[Text]:
    """How often each rule is broken."""
    counts = Counter(finding.code for finding in outcome.findings)
    rows = [(str(count), code, RULES[code].NAME) for code, count in counts.most_common()]
    yield from table([("count", "code", "rule"), *rows, (str(counts.total()), "", "in all")])


def _codes(words: Iterable[str]) -> set[str]:
    """The codes that words mean, each a code, the beginning of some, or a rule's name; commas separate words too."""
    given = [word.strip() for words_of_one in words for word in words_of_one.split(",") if word.strip()]
    unknown = [word for word in given if not _meant(word)]
    if unknown:
        known("rule", unknown, [*RULES, *NAMES])
    return {code for word in given for code in _meant(word)}


def _meant(word: str) -> list[str]:
    return [NAMES[word]] if word in NAMES else [code for code in RULES if code.startswith(word.upper())]
