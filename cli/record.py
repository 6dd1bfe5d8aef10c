"""`asyncshift record`."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, TypeVar

import click

from ..checks.evidence.recording import Recording
from ..checks.evidence.running import NotRun, Suite, default_python
from ..checks.evidence.running import record as run_and_record
from . import writing
from .console import messages, output
from .errors import Failure
from .evidence import RECORDING, digests
from .listing import counted
from .project import Project, open_project

Command = TypeVar("Command", bound=Callable[..., Any])
SHOWN = 5


def suite_arguments(command: Command) -> Command:
    """--python PY -- -m pytest …"""
    command = click.argument("arguments", nargs=-1, required=True, metavar="-- -m pytest ...")(command)
    return click.option("--python", metavar="PY", help="The project's interpreter; default: its environment's.")(
        command
    )


@click.command()
@suite_arguments
def record(python: str | None, arguments: Sequence[str]) -> None:
    """Run the project's suite and write down what it does with the database.

    Nothing is installed and nothing of the project changes. What was seen is written to .asyncshift/, where `plan`,
    `migrate` and `verify` find it. The exit code is 1 when the recording does not hold all of the suite.

    \b
    Examples:
      asyncshift record -- -m pytest -q
    """
    project = open_project(["."])
    if writing.last(project.root) is not None:
        messages().print("A migration is on record here: what is recorded now is the migrated project.")
    recording = record_suite(project, python, arguments, RECORDING)
    tell(recording)
    if recording.defects:
        raise click.exceptions.Exit(1)


def record_suite(
    project: Project, python: str | None, arguments: Sequence[str], name: str, environment: dict[str, str] | None = None
) -> Recording:
    """Run a project's suite; what was seen, which is also in `.asyncshift/`.

    Raises:
        Failure: it could not be run.
    """
    suite = Suite(project.root, Path.cwd(), python or default_python(project.root), arguments, environment or {})
    writing.hide(project.root)
    target = project.root / writing.HOME / name
    try:
        run_and_record(suite, digests(project.root, project.files), target)
    except NotRun as error:
        raise Failure(str(error)) from None
    return Recording.read(target)


def tell(recording: Recording) -> None:
    """Print what a recording holds, and what it lacks."""
    tests = [test for test in recording.tests.values() if test.name]
    loads = [load for load in recording.loads if not load.through.startswith("session.")]
    console = output()
    console.print(
        f"Recorded: {counted(len(tests), 'test')}, {counted(sum(1 for _ in recording.statements), 'statement')}, "
        f"{counted(len(loads), 'implicit load')}, "
        f"{counted(sum(len(test.exchanges) for test in tests), 'request')}."
    )
    for defect in recording.defects[:SHOWN]:
        console.print(f"partial: {defect}", markup=False)
