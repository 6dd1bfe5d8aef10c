"""The ladder of dice: a good read brings a smaller die, which stays near the front of the queue."""

import random
from collections.abc import Callable, Sequence
from typing import TypeVar

LADDER = (4, 6, 8, 10, 12, 20)
GOOD = 4.0

T = TypeVar("T")


def is_die(sides: int) -> bool:
    return sides in LADDER


def step_up(die: int) -> int:
    """The next larger die; the largest stays."""
    return next((sides for sides in LADDER if sides > die), LADDER[-1])


def step_down(die: int) -> int:
    """The next smaller die; the smallest stays."""
    return next((sides for sides in reversed(LADDER) if sides < die), LADDER[0])


def after_rating(die: int, rating: float) -> int:
    return step_down(die) if rating >= GOOD else step_up(die)


def after_snooze(die: int) -> int:
    return step_up(die)


def throw(die: int, randint: Callable[[int, int], int] = random.randint) -> int:
    return randint(1, die)


def within_reach(queue: Sequence[T], die: int) -> Sequence[T]:
    """The part of a queue that a die can hit."""
    return queue[:die]


def hit(queue: Sequence[T], result: int) -> T:
    """What a throw means: counted from the front, and from the front again where the queue is shorter."""
    return queue[(result - 1) % len(queue)]
