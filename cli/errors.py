"""What goes wrong by the user's input, told in lines."""

from __future__ import annotations

import click

DEBUG = "asyncshift.debug"


class Failure(Exception):
    """Something that the user can mend. Each argument is one line that says what and where; the exit code is 2."""

    @property
    def lines(self) -> tuple[str, ...]:
        return tuple(str(line) for line in self.args)


def debugging() -> bool:
    """Was `--debug` given?"""
    context = click.get_current_context(silent=True)
    return context is not None and bool(context.meta.get(DEBUG))
