"""The commands as functions: `from asyncshift import api`, then `api.plan("path")`, `api.check("path")` and so on."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from .analysis.decisions import Confidence, Decision, Status, Step
from .analysis.source import Site
from .checks.engine import RULES
from .checks.finding import Finding
from .checks.outcome import Outcome
from .cli import git, writing
from .cli.assess import assessed
from .cli.check import Wish
from .cli.errors import Failure
from .cli.plan import worked_out
from .cli.project import moving, open_project
from .cli.report import told
from .cli.work import chosen, work_out

Where = str | Path


@dataclass(frozen=True, slots=True)
class Migration:
    """What a migration did: its decisions, and the new content of each changed file, by path below `root`."""

    root: Path
    decisions: tuple[Decision, ...]
    contents: Mapping[str, bytes]


def assess(path: Where = ".") -> dict[str, Any]:
    """Whether the move is worth it, and what it takes; the values of `asyncshift assess --format json`."""
    return assessed(open_project([str(path)]))


def plan(path: Where = ".", *, driver: str | None = None, module: str | None = None) -> list[Decision]:
    """What would be done and why; changes nothing."""
    values = worked_out(moving(open_project([str(path)], driver, module)))["decisions"]
    return [Decision.from_json(decision) for decision in values]


def migrate(
    path: Where = ".",
    *,
    only: Sequence[str] = (),
    skip: Sequence[str] = (),
    driver: str | None = None,
    module: str | None = None,
    dry_run: bool = False,
    force: bool = False,
) -> Migration:
    """Carry the plan out: all files are written or none.

    Raises:
        Failure: nothing has been written; uncommitted changes are one reason, unless `force`.
    """
    codemods = chosen(only, skip)
    project = moving(open_project([str(path)], driver, module, mend=not dry_run))
    work = work_out(project, codemods)
    if work.contents and not dry_run:
        unclean = [] if force else git.uncommitted(project.root, work.contents)
        if unclean:
            raise Failure(f"uncommitted changes: {', '.join(unclean)}; nothing has been written")
        writing.write(project.root, work.contents, plan=[decision.as_json() for decision in work.decisions])
    return Migration(project.root, tuple(work.decisions), work.contents)


def check(path: Where = ".") -> Outcome:
    """What is left from before, or would break under asyncio."""
    return Wish(open_project([str(path)]), RULES).told()


def report(path: Where = ".", kind: Literal["trace", "pull-request", "status"] = "trace", form: str = "json") -> str:
    """The report of the last migration or of the planned one; `form` is markdown, html or json."""
    return told(open_project([str(path)]), kind, form)


def undo(path: Where = ".", *, force: bool = False) -> list[str]:
    """Take the last migration back; the files that are as before.

    Raises:
        Failure: there is none, or files have changed since and `force` is not given.
    """
    root = Path(path).resolve()
    if writing.last(root) is None:
        raise Failure("nothing to undo: no migration is on record here")
    return [change.path for change in writing.undo(root, force).changes]


__all__ = [
    "Confidence",
    "Decision",
    "Failure",
    "Finding",
    "Migration",
    "Outcome",
    "Site",
    "Status",
    "Step",
    "assess",
    "check",
    "migrate",
    "plan",
    "report",
    "undo",
]
