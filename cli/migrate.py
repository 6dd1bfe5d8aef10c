"""`asyncshift migrate`."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, TypeVar

import click

from . import until
from .carrying import carry_out
from .errors import Failure
from .project import Project, moving, open_project, paths_argument, scope_options
from .work import chosen, work_out

Command = TypeVar("Command", bound=Callable[..., Any])


def writing_options(command: Command) -> Command:
    """--dry-run and --force."""
    command = click.option("--force", is_flag=True, help="Write even if there are uncommitted changes.")(command)
    return click.option("--dry-run", is_flag=True, help="Print the diff and write nothing.")(command)


@click.command()
@paths_argument
@writing_options
@click.option("--only", metavar="CODEMOD", multiple=True, help="Only this codemod; may be given several times.")
@click.option("--skip", metavar="CODEMOD", multiple=True, help="All but this codemod; may be given several times.")
@click.option("--until-verified", is_flag=True, help="Record, migrate and verify, with the suite behind --.")
@click.option("--python", metavar="PY", help="The project's interpreter, for --until-verified.")
@scope_options
def migrate(
    paths: Sequence[str],
    dry_run: bool,
    force: bool,
    only: tuple[str, ...],
    skip: tuple[str, ...],
    until_verified: bool,
    python: str | None,
    module: str | None,
    driver: str | None,
) -> None:
    """Carry the plan out.

    All files are written, or none. `asyncshift undo` takes it back. With --until-verified and the suite behind -- the
    project is recorded first and verified after, and what fails then for an implicit load is mended.

    \b
    Examples:
      asyncshift migrate --dry-run
      asyncshift migrate --driver asyncpg
      asyncshift migrate --module shop.orders
      asyncshift migrate --until-verified -- -m pytest -q
    """
    codemods = chosen(only, skip)
    if until_verified:
        if dry_run:
            raise Failure("--until-verified writes: it can't be a dry run")
        folders, suite = until.split(paths)
        if not suite:
            raise Failure("--until-verified: what runs the suite? give it behind --, such as: -- -m pytest tests")

        def again() -> Project:
            return moving(open_project(folders, driver, module, mend=True))

        if not until.until_verified(again, suite, python, codemods, force):
            raise click.exceptions.Exit(1)
        return
    project = moving(open_project(paths, driver, module, mend=not dry_run))
    carry_out(project, work_out(project, codemods), dry_run=dry_run, force=force)
