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
# Kinds of implicit loads that an attribute can be awaited for; an expired one is kept from expiring.
AWAITABLE = frozenset({"lazy", "deferred"})


def recording_of(root: Path) -> Recording | None:
    """The recording of the original suite, if there is one.

    Raises:
        Failure: there is one, and it can't be read.
    """
    try:
        return Recording.read(root / HOME / RECORDING)
    except FileNotFoundError:
        return None
    except Unreadable as error:
        raise Failure(str(error)) from None


def digests(root: Path, files: Iterable[str]) -> dict[str, str]:
    """What each file is by now."""
    return {path: sha256((root / path).read_bytes()).hexdigest() for path in files}


def seen_loads(root: Path, files: Iterable[str]) -> dict[tuple[str, int, str], str]:
    """The lazy loads that were seen, by place and attribute, with the class that has it.

    Of files that have changed since nothing is known. A recording that does not hold all of the suite is used for what
    it holds. Both are told.
    """
    recording = recording_of(root)
    if recording is None:
        return {}
    changed = set(recording.changed(digests(root, files)))
    found: dict[tuple[str, int, str], str] = {}
    for load in recording.loads:
        if load.kind in AWAITABLE and load.stack and not load.through.startswith("session."):
            where, (owner, _, name) = load.stack[0], load.attribute.rpartition(".")
            if where.path not in changed:
                found[where.path, where.line, name] = owner.rpartition(".")[2]
    for defect in recording.defects[:1]:
        messages().print(f"The recording is partial, and is used for what it holds: {defect}", markup=False)
    if changed & {frame.path for load in recording.loads for frame in load.stack}:
        messages().print(f"Files have changed since the recording ({len(changed)}): what it says of them is left out.")
    return found
