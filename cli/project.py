"""From a command's arguments to the program that the analysis works on."""

from __future__ import annotations

import difflib
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path, PurePosixPath
from typing import Any, TypeVar

import click

from ..analysis.program import Program
from ..analysis.settings import Settings
from . import writing
from .config import driver_complaint, read_settings
from .console import messages, status
from .discovery import existing, find_root, python_files
from .errors import Failure
from .evidence import seen

Command = TypeVar("Command", bound=Callable[..., Any])
LISTED = 40
HALF_WRITTEN = (
    "an interrupted migration left the project half written: "
    "`asyncshift undo` takes it back, `asyncshift migrate` takes it back and starts again"
)


@dataclass(frozen=True, slots=True)
class Project:
    """The folder that is worked on, its settings, its Python files relative to it, and those that were chosen."""

    root: Path
    settings: Settings
    files: tuple[str, ...]
    chosen: tuple[str, ...]

    def program(self, stays_sync: bool = False) -> Program:
        """Everything the analysis knows of the project; with `stays_sync` as of one that nothing makes async."""
        with status(f"Reading {len(self.files)} files"):
            program = Program.build(self.root, self.files, self.settings, stays_sync=stays_sync)
            if not stays_sync:
                program.seen = seen(self.root, self.files)
            return program


def paths_argument(command: Command) -> Command:
    """PATH…, the files and folders to work on."""
    return click.argument("paths", nargs=-1, metavar="[PATH]...")(command)


def scope_options(command: Command) -> Command:
    """--module and --driver."""
    command = click.option("--driver", metavar="NAME", help="The async driver, such as asyncpg or psycopg.")(command)
    return click.option("--module", metavar="PKG", help="Only this package; what lies outside stays sync.")(command)


def open_project(
    arguments: Sequence[str], driver: str | None = None, module: str | None = None, *, mend: bool = False
) -> Project:
    """The project that the arguments lie in, the current folder's without any.

    Arguments that name less than the project choose among its files; what is said of those depends on all of it.
    `module` keeps what lies outside it sync. With `mend` an interrupted migration is taken back first.

    Raises:
        Failure: a path, the configuration or an option is wrong, or the project is half written.
    """
    here = Path.cwd()
    paths = existing(arguments or ["."], here)
    root = find_root(paths, here)
    if writing.interrupted(root):
        if not mend:
            raise Failure(HALF_WRITTEN)
        writing.undo(root)
        messages().print("An interrupted migration has been taken back first.")
    settings = read_settings(root)
    files = chosen = python_files(root, existing(settings.paths, root), settings.exclude)
    if arguments and paths != [root]:
        chosen = python_files(root, paths, settings.exclude)
        files = sorted({*files, *chosen})
        if not chosen:
            raise Failure(f"{', '.join(arguments)}: no Python files")
    if driver is not None:
        if complaint := driver_complaint(driver):
            raise Failure(f"--driver: {complaint}")
        settings = replace(settings, driver=driver)
    if module is not None:
        outside = dict.fromkeys(_outside(module, files), f"lies outside of --module {module}")
        settings = replace(settings, keep_sync=outside | dict(settings.keep_sync))
    return Project(root, settings, tuple(files), tuple(chosen))


def moving(project: Project) -> Project:
    """The project as it is when only the chosen files become async: what lies outside stays sync."""
    outside = dict.fromkeys(sorted({*project.files} - {*project.chosen}), "lies outside of the paths that were given")
    return replace(project, settings=replace(project.settings, keep_sync=outside | dict(project.settings.keep_sync)))


def known(what: str, given: Iterable[str], names: Iterable[str]) -> tuple[str, ...]:
    """The given names, each of which must be known.

    Raises:
        Failure: some are not, one line each.
    """
    given, names = tuple(given), tuple(names)
    unknown = [name for name in given if name not in names]
    if unknown:
        raise Failure(*(f"no {what} named {name!r}{_suggestion(name, names)}" for name in unknown))
    return given


def _suggestion(name: str, names: Sequence[str]) -> str:
    close = difflib.get_close_matches(name, names, 1)
    if close:
        return f": did you mean {close[0]!r}?"
    return f": known are {', '.join(names)}" if len(names) <= LISTED else ""


def _outside(module: str, files: Sequence[str]) -> list[str]:
    """The files that do not belong to a module or package; the one nearest to the project's root is meant."""
    parts = tuple(module.split("."))
    depths = {file: depth for file in files if (depth := _depth(file, parts)) is not None}
    if not depths:
        raise Failure(f"--module: no package or module named {module!r} in the project")
    nearest = min(depths.values())
    return [file for file in files if depths.get(file) != nearest]


def _depth(file: str, parts: tuple[str, ...]) -> int | None:
    """How many folders below the root the module begins that a file belongs to; None where it does not."""
    dotted = PurePosixPath(file).with_suffix("").parts
    starts = range(len(dotted) - len(parts) + 1)
    return next((start for start in starts if dotted[start : start + len(parts)] == parts), None)
