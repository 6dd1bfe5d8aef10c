"""What the recording of a project's suite says to its plan."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator
from hashlib import sha256
from itertools import takewhile
from pathlib import Path

from ..analysis.seen import Seen, SeenFrame, SeenStack
from ..checks.evidence.recording import Recording, Unreadable
from .console import messages
from .errors import Failure
from .writing import HOME

RECORDING = "recording.jsonl.gz"
VERIFIED = "verified.jsonl.gz"
# Some tests of the converted suite, run once more.
AGAIN = "again.jsonl.gz"
# Kinds of implicit loads that an attribute can be awaited for; an expired one is kept from expiring.
AWAITABLE = frozenset({"lazy", "deferred"})
# Statements that an attribute access sends, which is no call.
IMPLICIT = frozenset({"lazy", "expired"})


def recording_of(root: Path, name: str = RECORDING) -> Recording | None:
    """The recording of the original suite, or of the converted one, if there is one.

    Raises:
        Failure: there is one, and it can't be read.
    """
    try:
        return Recording.read(root / HOME / name)
    except FileNotFoundError:
        return None
    except Unreadable as error:
        raise Failure(str(error)) from None


def digests(root: Path, files: Iterable[str]) -> dict[str, str]:
    """What each file is by now."""
    return {path: sha256((root / path).read_bytes()).hexdigest() for path in files}


def seen(root: Path, files: Iterable[str]) -> Seen:
    """The lazy loads, and the calls that sent SQL.

    Of the original all count; of the converted project, where `verify` ran it, the loads that failed. Of files that
    have changed since nothing is known. A recording that does not hold all of the suite is used for what it holds; both
    are told.
    """
    original, converted = recording_of(root), recording_of(root, VERIFIED)
    if original is None and converted is None:
        return Seen()
    now = digests(root, files)
    loads: dict[tuple[str, int, str], str] = {}
    stacks: set[SeenStack] = set()
    if original is not None:
        changed = frozenset(original.changed(now))
        loads |= _loads(original, changed)
        stacks.update(_stacks(original, changed))
        if converted is None:
            _tell(original, len(changed))
    if converted is not None:
        loads |= _loads(converted, frozenset(converted.changed(now)), only_missing=True)
    return Seen(loads, stacks)


def _stacks(recording: Recording, left_out: Collection[str]) -> Iterator[SeenStack]:
    """The stacks that sent SQL, each up to a file that has changed."""
    for stack in {s.stack for s in recording.statements if s.kind not in IMPLICIT and s.load is None}:
        known = takewhile(lambda frame: frame.path not in left_out, stack)
        yield tuple(SeenFrame(f.path, f.line, f.function, f.through) for f in known)


def _loads(
    recording: Recording, left_out: Collection[str], only_missing: bool = False
) -> dict[tuple[str, int, str], str]:
    found = {}
    for load in recording.loads:
        if load.kind in AWAITABLE and load.stack and not load.through.startswith("session."):
            where, (owner, _, name) = load.stack[0], load.attribute.rpartition(".")
            if where.path not in left_out and (load.missing or not only_missing):
                found[where.path, where.line, name] = owner.rpartition(".")[2]
    return found


def _tell(recording: Recording, changed: int) -> None:
    """Say what a recording is not good for."""
    for defect in recording.defects[:1]:
        messages().print(f"The recording is partial, and is used for what it holds: {defect}", markup=False)
    if changed:
        messages().print(f"Files have changed since the recording ({changed}): what it says of them is left out.")
