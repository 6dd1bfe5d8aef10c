"""Work done once for each program or file, however many ask for it."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any, TypeVar

Thing = TypeVar("Thing")
Result = TypeVar("Result")
KNOWN = "_known_once"


def once(function: Callable[[Thing], Result]) -> Callable[[Thing], Result]:
    """A function of one object, that remembers with the object what it has given for it."""

    @wraps(function)
    def remembering(thing: Thing) -> Result:
        known: dict[Callable[[Thing], Result], Any] = vars(thing).setdefault(KNOWN, {})
        if function not in known:
            known[function] = function(thing)
        return known[function]  # type: ignore[no-any-return]

    return remembering
