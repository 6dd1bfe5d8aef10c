"""What goes wrong by the user's input, told in lines."""

from __future__ import annotations

import click

DEBUG, QUIET = "asyncshift.debug", "asyncshift.quiet"


class Failure(Exception):
    """Something that the user can mend. Each argument is one line that says what and where; the exit code is 2."""

    @property
    def lines(self) -> tuple[str, ...]:
        return tuple(str(line) for line in self.args)


def debugging() -> bool:
    """Was `--debug` given?"""
    return _is_given(DEBUG)


def quiet() -> bool:
    """Was `--quiet` given?"""
    return _is_given(QUIET)


def _is_given(name: str) -> bool:
    context = click.get_current_context(silent=True)
    return context is not None and bool(context.meta.get(name))
