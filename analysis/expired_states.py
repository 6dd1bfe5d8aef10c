"""What is known of mapped objects at one point of a function, and what a function does to those of its callers."""

from __future__ import annotations

import ast
from collections.abc import Iterable
from dataclasses import dataclass, field

from .decisions import Step
from .symbols import Function


@dataclass(frozen=True, eq=False, slots=True)
class Event:
    """Something that expires objects: `chain` leads from the node to the commit or rollback.

    `gives` says whether the call that the node is gives something true when it has expired them, where that tells.
    """

    node: ast.AST | None
    chain: tuple[Step, ...]
    is_own: bool = False
    gives: bool | None = None


ENTRY = Event(None, ())


@dataclass(frozen=True, eq=False, slots=True)
class Read:
    """`node` reads `what` of the object under `name` behind `event`; `chain` leads to a read in a callee."""

    function: Function
    node: ast.expr | ast.stmt
    name: str
    what: str
    event: Event
    chain: tuple[Step, ...] = ()


@dataclass(slots=True)
class Summary:
    """What a function does to its callers; `raised` is what expired their objects before it raises."""

    event: Event | None = None
    gives: bool | None = None
    raised: Event | None = None
    left_expired: frozenset[str] = frozenset()
    returned: Event | None = None
    reads: dict[str, Read] = field(default_factory=dict)

    def key(self) -> tuple[object, ...]:
        return (
            self.event is not None,
            self.gives,
            self.raised is not None,
            self.left_expired,
            self.returned is not None,
            frozenset(self.reads),
        )


@dataclass(slots=True)
class State:
    """Names that hold mapped objects, and those of them that are expired, at one point of a function.

    `told` are names of what a call has given that tells whether it has expired objects.
    """

    held: set[str] = field(default_factory=set)
    expired: dict[str, Event] = field(default_factory=dict)
    event: Event | None = None
    told: dict[str, Event] = field(default_factory=dict)

    def copy(self) -> State:
        return State(set(self.held), dict(self.expired), self.event, dict(self.told))

    def without(self, event: Event) -> State:
        """The same, where an event has not happened."""
        left = {name: other for name, other in self.expired.items() if other is not event}
        return State(set(self.held), left, self.event, dict(self.told))

    def join(self, others: Iterable[State]) -> None:
        for other in others:
            self.held |= other.held
            for name, event in other.expired.items():
                if self.expired.get(name, ENTRY) is ENTRY:
                    self.expired[name] = event
            self.event = self.event or other.event
            self.told |= other.told

    def become(self, other: State) -> None:
        self.held, self.expired, self.event = set(other.held), dict(other.expired), other.event
        self.told = dict(other.told)
