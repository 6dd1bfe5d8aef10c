"""`asyncshift codemod`."""

from __future__ import annotations

from collections.abc import Sequence

import click

from ..codemods.engine import CODEMODS, summary
from .carrying import carry_out
from .console import output
from .errors import Failure
from .listing import commands
from .migrate import writing_options
from .project import known, open_project, paths_argument
from .work import work_out


@click.command()
@click.argument("name", required=False)
@paths_argument
@writing_options
def codemod(name: str | None, paths: Sequence[str], dry_run: bool, force: bool) -> None:
    """List the codemods, or run one alone.

    Without NAME each codemod is listed with what it does. With NAME it runs on code that stays sync where it can, such
    as from 1.x queries to select(); otherwise it does its own part of a migration.

    \b
    Examples:
      asyncshift codemod
      asyncshift codemod query-to-select --dry-run .
    """
    if name is None:
        _list()
        return
    (chosen,) = known("codemod", [name], CODEMODS)
    if not paths:
        raise Failure(f"codemod {name}: which files or folders? `.` is the whole project")
    project = open_project(paths, mend=not dry_run)
    together = [chosen, *getattr(CODEMODS[chosen], "TOGETHER", ())]
    carry_out(project, work_out(project, together, project.chosen), dry_run=dry_run, force=force)


def _list() -> None:
    console = output()
    for line in commands((name, summary(module)) for name, module in sorted(CODEMODS.items())):
        console.print(line)
