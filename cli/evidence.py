"""What the recording of a project's suite says to its plan."""

from __future__ import annotations

from collections.abc import Iterable
from hashlib import sha256
from pathlib import Path

from ..checks.evidence.recording import Recording, Unreadable
from .console import messages
from .errors import Failure
from .writing import HOME

RECORDING = "recording.jsonl.gz"
VERIFIED = "verified.jsonl.gz"
# Kinds of implicit loads that an attribute can be awaited for; an expired one is kept from expiring.
AWAITABLE = frozenset({"lazy", "deferred"})


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


def seen_loads(root: Path, files: Iterable[str]) -> dict[tuple[str, int, str], str]:
    """The lazy loads that were seen, by place and attribute, with the class that has it.

    Of the original all count; of the converted project, where `verify` ran it, those that failed. Of files that have
    changed since nothing is known. A recording that does not hold all of the suite is used for what it holds; both are
    told.
    """
    now = digests(root, files)
    original, converted = recording_of(root), recording_of(root, VERIFIED)
    found = {} if original is None else _found(original, original.changed(now))
    if converted is not None:
        found |= _found(converted, converted.changed(now), only_missing=True)
    if original is not None and converted is None:
        _tell(original, len(original.changed(now)))
    return found


def _found(recording: Recording, changed: Iterable[str], only_missing: bool = False) -> dict[tuple[str, int, str], str]:
    left_out = set(changed)
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
