"""`asyncshift codemod`."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import click

from ..codemods.engine import CODEMODS
from .console import output
from .errors import Failure
from .listing import commands
from .migrate import carry_out, writing_options
from .project import known, open_project, paths_argument


@click.command()
@click.argument("name", required=False)
@paths_argument
@writing_options
def codemod(name: str | None, paths: Sequence[str], dry_run: bool, force: bool) -> None:
    """List the codemods, or run one alone.

    Without NAME each codemod is listed with what it does.
    """
    if name is None:
        _list()
        return
    (chosen,) = known("codemod", [name], CODEMODS)
    if not paths:
        raise Failure(f"codemod {name}: which files or folders? `.` is the whole project")
    project = open_project(paths, mend=not dry_run)
    carry_out(project, lambda plan: plan.only([chosen]), dry_run=dry_run, force=force)


def _list() -> None:
    console = output()
    for line in commands((name, _first_line(module)) for name, module in sorted(CODEMODS.items())):
        console.print(line)


def _first_line(module: Any) -> str:
    return (module.__doc__ or "").strip().partition("\n")[0]
