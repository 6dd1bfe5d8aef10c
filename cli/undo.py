"""`asyncshift undo`."""

from __future__ import annotations

from pathlib import Path

import click

from . import writing
from .console import remarks
from .discovery import existing
from .errors import Failure
from .listing import counted


@click.command()
@click.argument("path", default=".")
@click.option("--force", is_flag=True, help="Even if files have changed since; these changes are lost.")
def undo(path: str, force: bool) -> None:
    """Take the last migration back.

    Every byte is as it was before; what the migration had added is gone. An interrupted migration is taken back too.

    \b
    Examples:
      asyncshift undo
    """
    (start,) = existing([path], Path.cwd())
    root = next((folder for folder in (start, *start.parents) if writing.last(folder)), None)
    if root is None:
        raise Failure("nothing to undo: no migration is on record here")
    journal = writing.undo(root, force)
    kind = "The migration" if journal.finished else "The interrupted migration"
    remarks().print(f"{kind} is taken back: {counted(len(journal.changes), 'file')} as before.")
