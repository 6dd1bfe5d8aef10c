"""How the comparison of two recordings is told."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from itertools import groupby

from ..checks.evidence.explained import Unlike
from ..checks.evidence.parity import Parity
from .listing import counted

SHOWN = 12
LONGEST = 220


def told(parity: Parity, defects: Sequence[str]) -> Iterator[str]:
    """What differs, one block a kind, and a sentence of the whole."""
    for defect in defects:
        yield f"partial: {defect}"
    for lost in parity.lost[:SHOWN]:
        yield f"lost: {lost.test} passed, now {lost.after}"
        yield from (f"  {line}" for line in lost.message.splitlines()[:2])
    yield from _more(len(parity.lost))
    missing = Counter(
        (load.attribute or "a statement", str(load.stack[0]) if load.stack else "a library")
        for _, load in parity.missing
    )
    for (attribute, where), number in missing.most_common(SHOWN):
        yield f"MissingGreenlet: {attribute} at {where}, {counted(number, 'time')}"
    yield from _sql(parity.statements)
    for kind, lines in (("OpenAPI", parity.documents), ("tables", parity.tables)):
        yield from (f"{kind}: {line}" for line in lines[:SHOWN])
        yield from _more(len(lines))
    for warned in parity.warnings[:SHOWN]:
        yield f"{warned.kind} in {warned.test or 'the suite'}: {warned.text.splitlines()[0] if warned.text else ''}"
    yield from _more(len(parity.warnings))
    yield _sentence(parity)


def _more(number: int) -> Iterator[str]:
    if number > SHOWN:
        yield f"  and {number - SHOWN} more"


def _sql(statements: Sequence[Unlike]) -> Iterator[str]:
    """A short diff of each test, with the calls; the same diff of many tests once."""
    blocks: dict[tuple[tuple[str, str, str], ...], list[str]] = {}
    for test, unlike in groupby(statements, lambda u: u.test):
        key = tuple((u.sign, u.sql, u.where) for u in unlike)
        blocks.setdefault(key, []).append(test)
    for lines, tests in list(blocks.items())[:SHOWN]:
        yield f"SQL: {tests[0]}" + (f" and {len(tests) - 1} more" if len(tests) > 1 else "")
        for sign, sql, where in lines[:SHOWN]:
            yield f"  {sign} {_short(sql)}"
            yield f"      {where}"
    yield from _more(len(blocks))


def _short(sql: str) -> str:
    """A long statement without most of its columns, which seldom are what differs."""
    if len(sql) > LONGEST and sql.startswith("SELECT "):
        columns, _, rest = sql.partition(" FROM ")
        sql = f"{columns.partition(', ')[0]}, … FROM {rest}"
    return sql if len(sql) <= LONGEST else f"{sql[: LONGEST - 1]}…"


def _sentence(parity: Parity) -> str:
    if not parity.compared:
        return "nothing was compared: the recording of the original holds no test that passed."
    kept = parity.compared - len(parity.lost)
    explained = ", ".join(f"{number} {kind}" for kind, number in parity.explained.most_common())
    return (
        f"{kept} of {counted(parity.compared, 'test')} still pass; {parity.sent[0]} statements before, "
        f"{parity.sent[1]} after{f' (explained: {explained})' if explained else ''}; "
        f"{'no difference is left' if parity.is_equal else 'there are differences'}."
    )
