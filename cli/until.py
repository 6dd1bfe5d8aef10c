"""Recording, migrating and verifying, until nothing differs or nothing more can be mended."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence

from . import writing
from .carrying import carry_out
from .console import output
from .errors import Failure
from .evidence import RECORDING, digests, recording_of
from .project import Project
from .record import record_suite, tell
from .verify import verify_suite
from .work import work_out

MOST_ROUNDS = 5


def split(arguments: Sequence[str]) -> tuple[list[str], list[str]]:
    """The paths to work on, and the suite's command behind them."""
    starts = (i for i, word in enumerate(arguments) if word == "-m" or word.endswith("pytest"))
    start = next(starts, len(arguments))
    return list(arguments[:start]), list(arguments[start:])


def until_verified(
    open_again: Callable[[], Project], suite: Sequence[str], python: str | None, codemods: Collection[str], force: bool
) -> bool:
    """Migrate, and again with what the converted suite showed; does nothing differ in the end?"""
    project = open_again()
    recording = recording_of(project.root)
    if writing.last(project.root) is not None:
        # What is there now is not the original any more.
        if recording is None:
            raise Failure("no recording of the original: `asyncshift undo` takes the migration back, then start again")
    elif recording is None or recording.changed(digests(project.root, project.files)):
        tell(record_suite(project, python, suite, RECORDING))
    for number in range(MOST_ROUNDS):
        project = open_again()
        work = work_out(project, codemods)
        if number and not work.contents:
            output().print("Nothing more can be mended by itself.")
            return False
        carry_out(project, work, dry_run=False, force=force or number > 0)
        if verify_suite(open_again(), python, suite):
            return True
    return False
