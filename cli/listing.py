"""How a plan is told: a tree by module, the chain behind one function, the closing figures."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from itertools import groupby
from typing import NamedTuple

from rich.text import Text

from ..analysis.decisions import GOES_AWAY, PROJECT, Decision, Status
from .console import line, table

ASYNC_DEF = "async-def"
STYLES = {"look": "yellow", "gone": "yellow", "keep": "dim", "async": ""}
WIDTH = max(map(len, STYLES))


class Row(NamedTuple):
    """A line that tells of a decision: `word` is one of `STYLES`."""

    path: str
    line: str
    word: str
    name: str
    text: str


def becomes_async(decision: Decision) -> bool:
    """Whether the decision makes a function async."""
    return decision.codemod == ASYNC_DEF and decision.status is Status.DONE


def needs_a_look(decision: Decision) -> bool:
    """Whether a person has to look at the site."""
    return decision.status is Status.DECLINED or (decision.status is Status.DONE and bool(decision.concern))


def rows(decisions: Iterable[Decision], *words: str) -> dict[Row, Decision]:
    """What is told line by line, in the order of the sites, with the decision behind it; all, or those with `words`.

    Decisions that read the same are told, and counted, once.
    """
    found: dict[Row, Decision] = {}
    for decision in sorted(decisions, key=lambda d: d.site):
        for row in _rows(decision):
            if not words or row.word in words:
                found.setdefault(row, decision)
    return found


def tree(decisions: Sequence[Decision]) -> Iterator[Text]:
    """A block for each file: what becomes async, what is kept and what needs a look, line by line; the rest counted."""
    told = _by_path(rows(decisions))
    for path, group in groupby(sorted(decisions, key=lambda d: d.site), lambda d: d.site.path):
        yield line((_heading(path), "bold"))
        yield from _aligned(told.get(path, []))
        rest = Counter(d.codemod for d in group if d.status is Status.DONE and d.codemod != ASYNC_DEF)
        if rest:
            yield line(("  with " + ", ".join(f"{count} {name}" for name, count in sorted(rest.items())), "dim"))
        yield line("")


def blocks(told: Iterable[Row]) -> Iterator[Text]:
    """Rows by file."""
    for path, group in _by_path(told).items():
        yield line((_heading(path), "bold"))
        yield from _aligned(group)


def _by_path(told: Iterable[Row]) -> dict[str, list[Row]]:
    return {path: list(group) for path, group in groupby(told, lambda row: row.path)}


def _heading(path: str) -> str:
    return "(project)" if path == PROJECT else path


def _rows(decision: Decision) -> Iterator[Row]:
    path, number, name = decision.site.path, str(decision.site.line), name_of(decision)
    if path == PROJECT:
        number = ""
    if becomes_async(decision):
        yield Row(path, number, "async", name, _reason(decision))
    elif decision.status is Status.KEPT:
        reason = f": {decision.concern}" if decision.concern else ""
        yield Row(path, number, "keep", name, decision.action + reason)
    elif decision.status is Status.DONE and decision.action.startswith(GOES_AWAY):
        yield Row(path, number, "gone", name, decision.action)
    if needs_a_look(decision):
        made = f"rewritten ({decision.action}): " if decision.status is Status.DONE else ""
        yield Row(path, number, "look", name, made + (decision.concern or decision.action))


def _aligned(told: Sequence[Row]) -> Iterator[Text]:
    numbers = max((len(row.line) for row in told), default=0)
    names = max((len(row.name) for row in told), default=0)
    for row in told:
        yield line(
            (f"  {row.line.rjust(numbers)}  ", "dim"),
            (row.word.ljust(WIDTH), STYLES[row.word]),
            f"  {row.name.ljust(names)}  ",
            (row.text, "" if row.word in {"look", "gone"} else "dim"),
        )


def _reason(decision: Decision) -> str:
    """The first step of the chain, and the last where there are more between."""
    if not decision.why:
        return decision.action
    first, last = decision.why[0], decision.why[-1]
    if first is last:
        return first.what
    verb, _, rest = last.what.partition(" ")
    told = rest if first.what.startswith(f"{verb} ") else last.what
    return f"{first.what} → {'… → ' if len(decision.why) > 2 else ''}{told} ({last.site})"


def name_of(decision: Decision) -> str:
    """The function around the site."""
    return decision.function or ("(module)" if decision.site.path.endswith(".py") else "")


def figures(decisions: Sequence[Decision]) -> Iterator[Text]:
    """Counts by codemod."""
    done = Counter(d.codemod for d in decisions if d.status is Status.DONE)
    told = Counter((decision.codemod, row.word) for row, decision in rows(decisions).items())
    names = sorted({d.codemod for d in decisions})
    counts = [(name, str(done[name]), str(told[name, "keep"]), str(told[name, "look"])) for name in names]
    head, *body = table([("codemod", "done", "kept", "to look at"), *counts])
    head.stylize("bold")
    yield head
    yield from body


def summary(decisions: Sequence[Decision]) -> str:
    """One sentence of the plan's size."""
    functions = [d for d in decisions if becomes_async(d)]
    files = {d.site.path for d in decisions if d.status is Status.DONE}
    return (
        f"{counted(len(functions), 'function')} {'becomes' if len(functions) == 1 else 'become'} async, "
        f"{counted(len(files), 'file')} {'changes' if len(files) == 1 else 'change'}, "
        f"{counted(len(rows(decisions, 'look')), 'place')} to look at."
    )


def counted(number: int, noun: str) -> str:
    return f"{number} {noun}{'' if number == 1 else 's'}"


def commands(rows: Iterable[tuple[str, str]]) -> Iterator[Text]:
    """Commands and what each is for, aligned."""
    rows = list(rows)
    width = max(len(command) for command, _ in rows)
    for command, what in rows:
        yield line("  ", (command.ljust(width), "cyan"), f"  {what}")
