"""Where things are printed. A terminal gets colours and progress, a pipe plain lines that are never wrapped."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager

from rich.console import Console
from rich.text import Text

from .errors import quiet


def output() -> Console:
    """Standard output."""
    return Console(highlight=False, soft_wrap=True)


def messages() -> Console:
    """Standard error; nothing with --quiet, which failures do not pass through."""
    return Console(highlight=False, soft_wrap=True, stderr=True, quiet=quiet())


def remarks() -> Console:
    """Standard output, for closing words: nothing with --quiet."""
    return Console(highlight=False, soft_wrap=True, quiet=quiet())


@contextmanager
def status(what: str) -> Iterator[None]:
    """Say on a terminal what takes a while."""
    console = messages()
    if not console.is_terminal or console.quiet:
        yield
        return
    with console.status(f"{what} …"):
        yield


def line(*parts: str | tuple[str, str]) -> Text:
    """A line of plain pieces and (piece, style) pairs; nothing in them is read as markup."""
    return Text.assemble(*parts)


def table(rows: Iterable[tuple[str, ...]], style: str = "") -> Iterator[Text]:
    """Rows in aligned columns; a column that holds only numbers stands to the right."""
    cells = [list(row) for row in rows]
    columns = list(zip(*cells, strict=True))
    widths = [max(map(len, column)) for column in columns]
    right = [all(cell.isdigit() or not cell for cell in column[1:]) for column in columns]
    for row in cells:
        padded = [c.rjust(w) if r else c.ljust(w) for c, w, r in zip(row, widths, right, strict=True)]
        yield Text("  ".join(padded).rstrip(), style)
