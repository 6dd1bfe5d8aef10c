"""Texts and numbers become what their column holds, which asyncpg does not do by itself.

db.get(User, token.subject)   ->   await db.get(User, int(token.subject))
"""

from __future__ import annotations

import ast
from collections.abc import Iterator

from ..analysis.decisions import Confidence, Decision, Step
from ..analysis.plain_values import PlainMisfit, plain_misfits
from ..analysis.program import Program
from .carried import as_data, carried
from .drivers import moves_to_asyncpg
from .edit import Edit, Wrap
from .imports import request

NAME = "plain-values"
# What turns a text into the value of a type that has no call of its own.
PARSING = {"date": "fromisoformat", "datetime": "fromisoformat"}
# Rank among what is put around one expression: inside of `await`.
INSIDE = -1


def decide(program: Program) -> Iterator[Decision]:
    """A decision for each text or number that asyncpg would refuse."""
    if not moves_to_asyncpg(program):
        return
    for misfit in plain_misfits(program):
        if program.stays_sync(misfit.function):
            continue
        site = misfit.source.site(misfit.node)
        yield Decision(
            NAME,
            site,
            f"{misfit.column} takes only a value of type {misfit.wanted}, with asyncpg",
            confidence=Confidence.MEDIUM,
            why=(Step(site, f"the value is of type {misfit.given}"),),
            function=misfit.function.qualname,
            data=as_data(list(_changed(misfit))),
            node=misfit.node,
        )


def rewrite(decision: Decision, program: Program) -> Iterator[Edit]:
    """The edits that were worked out when the decision was made."""
    yield from carried(decision)


def _changed(misfit: PlainMisfit) -> Iterator[Edit]:
    """The value converted; one that may be None stays None."""
    source, node = misfit.source, misfit.node
    convert = misfit.wanted
    if misfit.wanted in PARSING:
        name, wanted = request(source, "datetime", misfit.wanted, at=node)
        convert = f"{name}.{PARSING[misfit.wanted]}"
        if wanted:
            yield wanted
    before, after = f"{convert}(", ")"
    if misfit.is_optional:
        after = f") if {source.text(node)} is not None else None"
        if not isinstance(source.parents[node], ast.Call | ast.keyword | ast.Assign):
            before, after = f"({before}", f"{after})"
    yield Wrap(*source.span(node), before, after, INSIDE)
