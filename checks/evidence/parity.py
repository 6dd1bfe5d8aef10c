"""Compares two recordings: of the original suite, and of the converted one."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from difflib import SequenceMatcher
from typing import Any

from .recording import Application, Load, Recording, Statement, Test, Warned
from .responses import differences
from .sql import Shape, is_plumbing, normal, shape

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


@dataclass(frozen=True, slots=True)
class Unlike:
    """A statement that only one of the two sent, and nothing explains."""

    test: str
    sign: str
    statement: Statement

    @property
    def sql(self) -> str:
        """The statement without what differs by nature."""
        return normal(self.statement.sql)

    @property
    def where(self) -> str:
        """The call that sent it."""
        return str(self.statement.stack[0]) if self.statement.stack else "outside of the project"


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
        """Does nothing differ that is not explained?"""
        return not any((self.lost, self.statements, self.documents, self.tables, self.warnings, self.missing))


def compare(before: Recording, after: Recording) -> Parity:
    """Everything in which the converted suite differs from the original's."""
    parity = Parity()
    for name, old in before.tests.items():
        new = after.tests.get(name)
        if name and old.outcome == "passed":
            parity.compared += 1
            if new is None or new.outcome != "passed":
                found = (new.outcome or "not run", new.message) if new else ("gone", "")
                parity.lost.append(Lost(name, *found))
            else:
                parity.statements += _statements(old, new, parity)
    known = {_plain(w) for w in before.warnings}
    parity.warnings = [w for w in after.warnings if _plain(w) not in known]
    parity.missing = [(test.name, load) for test in after.tests.values() for load in test.loads if load.missing]
    parity.documents = list(_documents(before.applications, after.applications))
    parity.tables = list(_tables(before.metadata, after.metadata))
    return parity


def _statements(old: Test, new: Test, parity: Parity) -> Iterator[Unlike]:
    ones, others = _sent(old), _sent(new)
    parity.sent = parity.sent[0] + len(ones), parity.sent[1] + len(others)
    keys = [_Key(shape(s.sql)) for s in ones], [_Key(shape(s.sql)) for s in others]
    matcher = SequenceMatcher(None, [k.rest for k in keys[0]], [k.rest for k in keys[1]], autojunk=False)
    for what, i, j, k, m in matcher.get_opcodes():
        if what == "equal":
            for one, other, a, b in zip(ones[i:j], others[k:m], keys[0][i:j], keys[1][k:m], strict=True):
                if not b.shape.holds(a.shape):
                    yield from _unexplained(old.name, "-", [one], parity)
                    yield from _unexplained(old.name, "+", [other], parity)
            continue
        yield from _unexplained(old.name, "-", ones[i:j], parity)
        yield from _unexplained(old.name, "+", others[k:m], parity)


@dataclass(frozen=True, slots=True)
class _Key:
    shape: Shape

    @property
    def rest(self) -> str:
        return self.shape.rest


def _sent(test: Test) -> list[Statement]:
    return [s for s in test.statements if s.phase in COMPARED and not is_plumbing(s.sql)]


def _unexplained(test: str, sign: str, statements: Sequence[Statement], parity: Parity) -> Iterator[Unlike]:
    for statement in statements:
        if statement.kind in EXPLAINED:
            gone = "gone" if sign == "-" else "new"
            parity.explained[f"{statement.load.kind if statement.load else statement.kind} {gone}"] += 1
        else:
            yield Unlike(test, sign, statement)


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
    for lines in before:
        if lines not in after and after:
            closest = min(after, key=lambda other: len(set(lines) ^ set(other)))
            yield from (f"- {line}" for line in sorted(set(lines) - set(closest)))
            yield from (f"+ {line}" for line in sorted(set(closest) - set(lines)))
