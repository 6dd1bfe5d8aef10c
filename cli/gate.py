"""The outcome of a check, remembered until the project changes."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from ..analysis.program import Program
from ..analysis.settings import Settings
from ..checks.engine import examine
from ..checks.outcome import Outcome
from . import cache, kept
from .console import status
from .errors import debugging
from .project import Project


def outcome(project: Project) -> Outcome:
    """What all rules find in a project; what the migration has left as it was is accepted.

    Raises:
        Failure: the list of that is broken.
    """
    return kept.applied(project.root, everything(project))


def everything(project: Project) -> Outcome:
    """What all rules find in a project."""
    return Outcome.from_json(cache.kept(project, "check", lambda: _read(project).as_json()))


def _read(project: Project) -> Outcome:
    return outcome_of(
        project.root, {path: (project.root / path).read_bytes() for path in project.files}, project.settings
    )


def outcome_of(root: Path, contents: Mapping[str, bytes], settings: Settings) -> Outcome:
    """What all rules find in files whose bytes are at hand."""
    with status(f"Checking {len(contents)} files"):
        return examine(Program.of_contents(root, contents, settings), faults=debugging())
