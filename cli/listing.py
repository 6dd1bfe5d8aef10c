"""How a plan is told: a tree by module, the chain behind one function, the closing figures."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from itertools import groupby

from rich.text import Text

from ..analysis.decisions import Decision, Status
from .console import line, table

ASYNC_DEF = "async-def"
STYLES = {"look": "yellow", "keep": "dim", "async": ""}


def becomes_async(decision: Decision) -> bool:
    """Whether the decision makes a function async."""
    return decision.codemod == ASYNC_DEF and decision.status is Status.DONE


def needs_a_look(decision: Decision) -> bool:
    """Whether a person has to look at the site."""
    return decision.status is Status.DECLINED or bool(decision.concern)


def tree(decisions: Iterable[Decision]) -> Iterator[Text]:
    """A block for each file: what becomes async, what is kept and what needs a look, line by line; the rest counted."""
    ordered = sorted(decisions, key=lambda d: d.site)
    for path, group in groupby(ordered, lambda d: d.site.path):
        told = list(group)
        yield line((path, "bold"))
        yield from _aligned([row for decision in told for row in _rows(decision)])
        rest = Counter(d.codemod for d in told if d.status is Status.DONE and d.codemod != ASYNC_DEF)
        if rest:
            yield line(("  with " + ", ".join(f"{count} {name}" for name, count in sorted(rest.items())), "dim"))
        yield line("")


def looks(decisions: Iterable[Decision]) -> Iterator[Text]:
    """What a person has to look at, by file."""
    ordered = sorted(decisions, key=lambda d: d.site)
    for path, group in groupby(ordered, lambda d: d.site.path):
        yield line((path, "bold"))
        yield from _aligned([_look(decision) for decision in group])


def _look(decision: Decision) -> tuple[str, str, str, str]:
    return str(decision.site.line), "look", name_of(decision), decision.concern or decision.action


def _rows(decision: Decision) -> Iterator[tuple[str, str, str, str]]:
    """Line number, word, name and text."""
    number, name = str(decision.site.line), name_of(decision)
    if becomes_async(decision):
        yield number, "async", name, _reason(decision)
    elif decision.status is Status.KEPT and not decision.concern:
        yield number, "keep", name, decision.action
    if needs_a_look(decision):
        yield _look(decision)


def _aligned(rows: Sequence[tuple[str, str, str, str]]) -> Iterator[Text]:
    widths = [max((len(row[column]) for row in rows), default=0) for column in range(3)]
    for number, word, name, text in dict.fromkeys(rows):
        yield line(
            (f"  {number.rjust(widths[0])}  ", "dim"),
            (word.ljust(5), STYLES[word]),
            f"  {name.ljust(widths[2])}  ",
            (text, "" if word == "look" else "dim"),
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
    return decision.function or "(module)"


def figures(decisions: Sequence[Decision]) -> Iterator[Text]:
    """Counts by codemod."""
    counts = Counter((d.codemod, d.status) for d in decisions)
    looks = Counter(d.codemod for d in decisions if needs_a_look(d))
    names = sorted({d.codemod for d in decisions})
    rows = [(name, str(counts[name, Status.DONE]), str(counts[name, Status.KEPT]), str(looks[name])) for name in names]
    head, *body = table([("codemod", "done", "kept", "to look at"), *rows])
    head.stylize("bold")
    yield head
    yield from body


def summary(decisions: Sequence[Decision]) -> str:
    """One sentence of the plan's size."""
    functions = [d for d in decisions if becomes_async(d)]
    files = {d.site.path for d in decisions if d.status is Status.DONE}
    looks = sum(map(needs_a_look, decisions))
    return (
        f"{counted(len(functions), 'function')} {'becomes' if len(functions) == 1 else 'become'} async, "
        f"{counted(len(files), 'file')} {'changes' if len(files) == 1 else 'change'}, "
        f"{counted(looks, 'place')} to look at."
    )


def counted(number: int, noun: str) -> str:
    return f"{number} {noun}{'' if number == 1 else 's'}"


def commands(rows: Iterable[tuple[str, str]]) -> Iterator[Text]:
    """Commands and what each is for, aligned."""
    rows = list(rows)
    width = max(len(command) for command, _ in rows)
    for command, what in rows:
        yield line("  ", (command.ljust(width), "cyan"), f"  {what}")
