"""Compares two recordings: of the original suite, and of the converted one."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from difflib import SequenceMatcher
from itertools import groupby
from typing import Any

from .explained import Answers, Differences, Unlike
from .recording import Application, Load, Recording, Statement, Test, Warned
from .responses import differences
from .sql import is_plumbing, normal, shape, table

# Statements of one side that the other need not have, by their kind: loads that were made explicit, and rows that the
# identity map may still have or not.
EXPLAINED = frozenset({"lazy", "expired", "eager", "refresh", "get"})
COMPARED = frozenset({"setup", "call"})
MOST_POINTS = 30


@dataclass(frozen=True, slots=True)
class Lost:
    """A test that passed and does not any more."""

    test: str
    after: str
    message: str


@dataclass(slots=True)
class Parity:
    """What differs, and what was explained."""

    lost: list[Lost] = field(default_factory=list)
    statements: list[Unlike] = field(default_factory=list)
    documents: list[str] = field(default_factory=list)
    tables: list[str] = field(default_factory=list)
    warnings: list[Warned] = field(default_factory=list)
    missing: list[tuple[str, Load]] = field(default_factory=list)
    explained: Counter[str] = field(default_factory=Counter)
    compared: int = 0
    sent: tuple[int, int] = (0, 0)

    @property
    def is_equal(self) -> bool:
        """Was something compared, and does nothing differ that is not explained?"""
        return self.compared > 0 and not any(
            (self.lost, self.statements, self.documents, self.tables, self.warnings, self.missing)
        )


def drawn(found: Parity, before: Recording) -> dict[str, int]:
    """The tests whose statements differ and that drew random numbers, and where the original's began."""
    seeds = {unlike.test: before.tests[unlike.test].seed for unlike in found.statements}
    return {test: seed for test, seed in seeds.items() if seed is not None}


def compare(before: Recording, after: Recording) -> Parity:
    """Everything in which the converted suite differs from the original's."""
    parity, answers = Parity(), Answers()
    for name, old in before.tests.items():
        new = after.tests.get(name)
        if name and old.outcome == "passed":
            parity.compared += 1
            if new is None or new.outcome != "passed":
                found = (new.outcome or "not run", new.message) if new else ("gone", "")
                parity.lost.append(Lost(name, *found))
            else:
                unlike = Differences(old, new, list(_statements(old, new, parity)), parity.explained)
                unlike.explain(answers)
                parity.statements += unlike.left
        answers.note(old, (s for s in old.statements if s.phase in COMPARED))
    known = {_plain(w) for w in before.warnings}
    parity.warnings = [w for w in after.warnings if _plain(w) not in known]
    parity.missing = [(test.name, load) for test in after.tests.values() for load in test.loads if load.missing]
    parity.documents = list(_documents(before.applications, after.applications))
    parity.tables = list(_tables(before.metadata, after.metadata))
    return parity


def _statements(old: Test, new: Test, parity: Parity) -> Iterator[Unlike]:
    """The statements in their order, without those that are explained; one that moved is sent at two places."""
    ones, others = _sent(old), _sent(new)
    parity.sent = parity.sent[0] + len(ones), parity.sent[1] + len(others)
    gained = Counter(_reason(s) for s in others if s.kind in EXPLAINED)
    gained.subtract(Counter(_reason(s) for s in ones if s.kind in EXPLAINED))
    for reason, number in gained.items():
        if number:
            parity.explained[f"{reason} {'more' if number > 0 else 'less'}"] += abs(number)
    ones, others = _main(ones), _main(others)
    shapes = [shape(s.sql) for s in ones], [shape(s.sql) for s in others]
    matcher = SequenceMatcher(None, [s.rest for s in shapes[0]], [s.rest for s in shapes[1]], autojunk=False)
    for what, i, j, k, m in matcher.get_opcodes():
        if what == "equal":
            pairs = zip(range(i, j), range(k, m), strict=True)
            unlike = [(a, b) for a, b in pairs if not shapes[1][b].holds(shapes[0][a])]
        else:
            unlike = []
            yield from (Unlike(old.name, "-", s) for s in ones[i:j])
            yield from (Unlike(old.name, "+", s) for s in others[k:m])
        for a, b in unlike:
            yield Unlike(old.name, "-", ones[a])
            yield Unlike(old.name, "+", others[b])


def _sent(test: Test) -> list[Statement]:
    return [s for s in test.statements if s.phase in COMPARED and not is_plumbing(s.sql)]


def _main(statements: Sequence[Statement]) -> list[Statement]:
    """The statements that must be there; a flush may send the rows of one table together or one by one."""
    left = list(_settled([s for s in statements if s.kind not in EXPLAINED]))
    pairs = zip([None, *left], left, strict=False)
    return [
        s for last, s in pairs if not (last and s.kind == last.kind == "flush" and normal(s.sql) == normal(last.sql))
    ]


def _settled(statements: Sequence[Statement]) -> Iterator[Statement]:
    """The statements of each flush by table: of tables that do not depend on each other it has no fixed order."""
    for _, sent in groupby(statements, key=lambda s: s.stack if s.kind == "flush" else None):
        yield from sorted(sent, key=lambda s: table(s.sql) if s.kind == "flush" else "")


def _reason(statement: Statement) -> str:
    return statement.load.kind if statement.load else statement.kind


def _plain(warned: Warned) -> tuple[str, str]:
    return warned.kind, re.sub(r"0x[0-9a-f]+", "0x", warned.text)


def _documents(before: Sequence[Application], after: Sequence[Application]) -> Iterator[str]:
    """How the OpenAPI documents differ. An application is known by its title."""
    new: dict[str, list[Mapping[str, Any]]] = {}
    for application in after:
        new.setdefault(application.title, []).append(application.document)
    for application in before:
        documents = new.get(application.title)
        if documents is None:
            yield f"the application {application.title!r} was not seen after"
        elif application.document not in documents:
            old = application.document
            found = min((list(differences(old, old, d, "openapi")) for d in documents), key=len)
            yield from found[:MOST_POINTS]


def _tables(before: Sequence[tuple[str, ...]], after: Sequence[tuple[str, ...]]) -> Iterator[str]:
    if before and not after:
        yield "none were seen after"
        return
    for lines in before:
        if lines not in after:
            closest = min(after, key=lambda other: len(set(lines) ^ set(other)))
            yield from (f"- {line}" for line in sorted(set(lines) - set(closest)))
            yield from (f"+ {line}" for line in sorted(set(closest) - set(lines)))
