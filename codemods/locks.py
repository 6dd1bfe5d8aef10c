"""A lock that is held while something is awaited becomes asyncio's.

Before:

    _lock = threading.Lock()

    def refresh(db):
        with _lock:
            db.execute(...)

After:

    _lock = asyncio.Lock()

    async def refresh(db):
        async with _lock:
            await db.execute(...)

A lock of `threading` that is held across an `await` stops the loop as soon as a second task wants it. One that guards
no await stays.
"""

from __future__ import annotations

from collections.abc import Iterator

from ..analysis.decisions import Decision, Status
from ..analysis.library import library
from ..analysis.locks import Lock
from ..analysis.origins import class_names
from ..analysis.program import Program
from .carried import LEFT, Work, carried, decided
from .edit import Edit, Replace
from .imports import request

NAME = "locks"


def decide(program: Program) -> Iterator[Decision]:
    """A decision for each place that names the class of such a lock, or for the lock that can't be moved."""
    seen: set[tuple[str, int]] = set()
    for lock in program.colours.locks.all:
        if lock.concern:
            yield _declined(program, lock)
        for source, node, cls in class_names(program, lock.origins) if lock.converts else ():
            key = source.path, source.span(node)[0]
            if key not in seen:
                seen.add(key)
                module, _, name = library().classes[cls].on_loop.rpartition(".")
                text, wanted = request(source, module, at=node)
                edits: list[Edit] = [Replace(*source.span(node), f"{text}.{name}"), *([wanted] if wanted else [])]
                yield decided(program, NAME, Work(source, node, f"becomes {module}.{name}", edits))


def _declined(program: Program, lock: Lock) -> Decision:
    use = lock.trigger
    assert use is not None
    source = use.function.source
    concern = f"a lock of threading is held while something is awaited, which can stop the event loop: {lock.concern}"
    return decided(program, NAME, Work(source, use.node, LEFT, [], concern, Status.DECLINED))


def rewrite(decision: Decision, program: Program) -> Iterator[Edit]:
    """The edits that were worked out when the decision was made."""
    yield from carried(decision)
