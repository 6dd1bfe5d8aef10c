"""Datetimes get the time zone that their column asks for, which asyncpg does not do by itself.

    created: Mapped[datetime] = mapped_column(DateTime, default=lambda: datetime.now(UTC))
->  created: Mapped[datetime] = mapped_column(DateTime, default=lambda: datetime.now(UTC).replace(tzinfo=None))
"""

from __future__ import annotations

import ast
from collections.abc import Iterator

from ..analysis.datetimes import Misfit, Zone, misfits
from ..analysis.decisions import Decision, Step
from ..analysis.program import Program
from .carried import as_data, carried
from .drivers import moves_to_asyncpg
from .edit import Edit, Import, Wrap
from .locked_versions import may_have

NAME = "datetimes"
# What turns a value of each kind into the other one.
CHANGES = {
    Zone.UTC: ".replace(tzinfo=None)",
    Zone.AWARE: ".astimezone(timezone.utc).replace(tzinfo=None)",
    Zone.NAIVE_UTC: ".replace(tzinfo=timezone.utc)",
    Zone.NAIVE: ".astimezone()",
}
# The SQLModel from which on columns for datetimes hold instants, and take aware ones alone.
HOLDS_INSTANTS = "0.0.45"
# Rank among what is put around one expression: inside of `await`.
INSIDE = -1


def decide(program: Program) -> Iterator[Decision]:
    """A decision for each datetime that asyncpg would refuse."""
    if not moves_to_asyncpg(program):
        return
    holds_instants = may_have(program, "sqlmodel", HOLDS_INSTANTS)
    for misfit in misfits(program):
        function = misfit.function
        if (function is not None and program.stays_sync(function)) or (misfit.is_sqlmodels and holds_instants):
            continue
        takes = (
            "takes naive datetimes only" if misfit.zone.is_aware else "holds instants; a naive datetime is local time"
        )
        yield Decision(
            NAME,
            misfit.source.site(misfit.node),
            f"{misfit.column} {takes}, with asyncpg",
            why=(Step(misfit.source.site(misfit.node), f"the value is {misfit.zone}"),),
            function=function.qualname if function is not None else "",
            data=as_data(list(_changed(misfit))),
            node=misfit.node,
        )


def rewrite(decision: Decision, program: Program) -> Iterator[Edit]:
    """The edits that were worked out when the decision was made."""
    yield from carried(decision)


def _changed(misfit: Misfit) -> Iterator[Edit]:
    start, end = misfit.source.span(misfit.node)
    change = CHANGES[misfit.zone]
    if "timezone.utc" in change:
        yield Import("datetime", "timezone")
    if misfit.is_callable:
        yield Wrap(start, end, "lambda: ", f"(){change}", INSIDE)
    elif isinstance(misfit.node, ast.Name | ast.Attribute | ast.Call):
        yield Wrap(start, end, "", change, INSIDE)
    else:
        yield Wrap(start, end, "(", f"){change}", INSIDE)
