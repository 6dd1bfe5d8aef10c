"""The command line. A command's module is imported when the command is used, so that --help is quick."""

from __future__ import annotations

import errno
import gc
import os
import sys
import traceback
from importlib import import_module
from typing import Any

import click

from .errors import DEBUG, QUIET

COMMANDS = {
    "assess": "Is the move worth it, and what will it take? Changes nothing.",
    "plan": "Print what would be done and why; changes nothing.",
    "migrate": "Carry the plan out.",
    "check": "Find what is left from before, or would break under asyncio.",
    "record": "Run the project's suite and write down what it does with the database.",
    "report": "Tell of a migration: what changed where, why, how sure, and what remains.",
    "verify": "Compare the migrated project with the original.",
    "undo": "Take the last migration back.",
    "codemod": "List the codemods, or run one alone.",
    "demo": "Migrate a small example and compare its test suite before and after.",
}
SETTINGS = {"help_option_names": ["-h", "--help"]}
# What a command works on lives to its end: looking for garbage often costs a third of the time and finds none.
OBJECTS_BETWEEN_COLLECTIONS = 200_000
# Expressions nest as deep as their authors like: a sum of two thousand terms is one inside of the other.
DEEPEST = 30_000


def _flag(name: str, key: str, what: str) -> click.Option:
    """An option that may stand before the command and behind it."""

    def remember(context: click.Context, option: click.Parameter, value: bool) -> None:
        context.meta[key] = context.meta.get(key, False) or value

    return click.Option([f"--{name}"], is_flag=True, expose_value=False, callback=remember, help=what)


def _flags() -> list[click.Parameter]:
    return [
        _flag("quiet", QUIET, "No progress and no closing words; only what was asked for, and errors."),
        _flag("debug", DEBUG, "Show the traceback of an error."),
    ]


class Commands(click.Group):
    """The group of commands; what goes wrong inside one is told in lines and ends with exit code 2."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in COMMANDS:
            return None
        command: click.Command = getattr(import_module(f".{cmd_name}", __package__), cmd_name)
        if not any(param.name == "debug" for param in command.params):
            command.params += _flags()
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        with formatter.section("Commands"):
            formatter.write_dl(list(COMMANDS.items()))

    def invoke(self, ctx: click.Context) -> Any:
        sys.setrecursionlimit(DEEPEST)
        gc.set_threshold(OBJECTS_BETWEEN_COLLECTIONS, 50, 100)
        try:
            _check_current_folder()
            return super().invoke(ctx)
        except (click.ClickException, click.exceptions.Exit, click.Abort):
            raise
        except KeyboardInterrupt:
            click.echo("asyncshift: interrupted", err=True)
            ctx.exit(130)
        except Exception as error:
            if isinstance(error, OSError) and error.errno == errno.EPIPE:
                raise
            if ctx.meta.get(DEBUG):
                traceback.print_exc()
            for line in _lines(error):
                click.echo(f"asyncshift: {line}", err=True)
            ctx.exit(2)


def _check_current_folder() -> None:
    from .errors import Failure

    try:
        os.getcwd()
    except FileNotFoundError:
        raise Failure("the current folder has been deleted: change to one that is there") from None


def _lines(error: Exception) -> tuple[str, ...]:
    from ..analysis.source import BrokenInput
    from .errors import Failure

    match error:
        case Failure():
            return error.lines
        case BrokenInput():
            return tuple(str(error).splitlines())
        case OSError(filename=str() | bytes() as name, strerror=str() as what):
            return (f"{name!s}: {what}",)
    what = " ".join(f"{type(error).__name__}: {error}".split())
    return (f"this should not have happened ({what}); --debug shows where",)


@click.command("asyncshift", cls=Commands, context_settings=SETTINGS, params=_flags())
@click.version_option(package_name="asyncshift")
def main() -> None:
    """Move a Python code base from synchronous SQLAlchemy to AsyncSession.

    \b
    Examples:
      asyncshift assess             is it worth it?
      asyncshift plan               what would be done, and why
      asyncshift migrate            do it; asyncshift undo takes it back
      asyncshift report --open      show it to a reviewer
      asyncshift check              keep it so
    """
