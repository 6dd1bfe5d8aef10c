"""What explains a statement that only one of two recordings of a test holds."""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Iterable
from dataclasses import dataclass

from .recording import Statement, Test
from .sql import normal, shape

UPDATE = re.compile(r"UPDATE (?P<table>\S+) SET (?P<assignments>.*) WHERE (?P<rows>.*)$")
ASSIGNMENTS = re.compile(r', (?="?\w+"?=)')


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


class Answers:
    """What the original sent to answer requests: one that it answers again with less had kept the answer.

    A cache whose keys tell sessions apart has the session that a thread kept, and not those that each request has now.
    """

    def __init__(self) -> None:
        self._sent: defaultdict[tuple[str, ...], set[str]] = defaultdict(set)

    def note(self, test: Test, statements: Iterable[Statement]) -> None:
        """Remember a test's requests and statements."""
        sent = {normal(s.sql) for s in statements}
        for request in _asked(test):
            self._sent[request] |= sent

    def are_kept(self, old: Test, new: Test, unlike: Unlike) -> bool:
        """Did the original send the statement for a request of before, whose answer it gave again, as both did?"""
        return unlike.sign == "+" and any(unlike.sql in self._sent[r] for r in _asked(old) & _asked(new))


def _asked(test: Test) -> set[tuple[str, ...]]:
    """The requests of a test, with their answers."""
    return {(e.method, e.path, e.sent or "", e.digest) for e in test.exchanges}


@dataclass(slots=True)
class Differences:
    """The statements of a test that differ, and why: what is explained leaves `left` and is counted in `explained`."""

    old: Test
    new: Test
    left: list[Unlike]
    explained: Counter[str]

    def explain(self, answers: Answers) -> None:
        """Take out what is explained."""
        if self.old.at_once or self.new.at_once:
            self._take("at once", [u for u in self.left if self._is_on_both_sides(u)])
        self._take("written again less", self._written_again())
        self._take("cached less", [u for u in self.left if answers.are_kept(self.old, self.new, u)])

    def _take(self, reason: str, found: list[Unlike]) -> None:
        if found:
            self.explained[reason] += len(found)
            self.left = [u for u in self.left if all(u is not other for other in found)]

    def _is_on_both_sides(self, unlike: Unlike) -> bool:
        """Does the other side send it as well? Of what is sent at the same time order and number are not fixed."""
        here = shape(unlike.statement.sql)
        if unlike.sign == "-":
            return any(shape(s.sql).holds(here) for s in self.new.statements)
        return any(here.holds(shape(s.sql)) for s in self.old.statements)

    def _written_again(self) -> list[Unlike]:
        """Updates that wrote what an expired row held already, and those that are sent in their place.

        An object that has not expired knows what it holds, and a value that it has already is not written.
        """
        found: list[Unlike] = []
        instead = [u for u in self.left if u.sign == "+"]
        for unlike in self.left:
            before = _assigned(unlike.sql) if unlike.sign == "-" and unlike.statement.unseen else None
            if before is None:
                continue
            less = [u for u in instead if _is_less(before, _assigned(u.sql), unlike.statement.unseen)]
            if less:
                instead.remove(less[0])
                found += [unlike, less[0]]
            elif set(before[1]) <= set(unlike.statement.unseen):
                found.append(unlike)
        return found


Assigned = tuple[tuple[str, str], dict[str, str]]


def _assigned(sql: str) -> Assigned | None:
    """What an UPDATE changes: the table and the condition, and what it gives to which column."""
    update = UPDATE.match(sql)
    if update is None:
        return None
    pairs = (part.partition("=") for part in ASSIGNMENTS.split(update["assignments"]))
    return (update["table"], update["rows"]), {name.strip('"'): value for name, _, value in pairs}


def _is_less(before: Assigned, after: Assigned | None, unseen: Iterable[str]) -> bool:
    """Is it the same update without some of the columns whose values were not known?"""
    return (
        after is not None
        and before[0] == after[0]
        and after[1].items() <= before[1].items()
        and before[1].keys() - after[1].keys() <= set(unseen)
    )
