"""Working out what to do, before anything is written."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection
from dataclasses import dataclass, field

from ..analysis.decisions import Decision, Plan, Status
from ..analysis.program import Program
from ..codemods import beside
from ..codemods.engine import CODEMODS, TOGETHER, make_plan, rewrite
from .console import status
from .errors import Failure, debugging
from .formatting import formatted
from .listing import ASYNC_DEF, needs_a_look
from .project import Project, known


@dataclass(frozen=True, slots=True)
class Work:
    """The part of a plan that some codemods carry out, and the contents of files that come of it.

    `undone` counts the rewrites of the other codemods, which a migration needs as well.
    """

    program: Program
    codemods: Collection[str]
    decisions: list[Decision]
    contents: dict[str, bytes]
    undone: Counter[str] = field(default_factory=Counter)


def chosen(only: Collection[str], skip: Collection[str]) -> list[str]:
    """The codemods that `--only` and `--skip` leave.

    Raises:
        Failure: a name is not known, or the two contradict each other.
    """
    wanted, unwanted = known("codemod", only, CODEMODS), known("codemod", skip, CODEMODS)
    if both := sorted({*wanted} & {*unwanted}):
        raise Failure(*(f"--only {name} and --skip {name} contradict each other" for name in both))
    return [name for name in CODEMODS if name in (wanted or CODEMODS) and name not in unwanted]


def plan_for(program: Program) -> Plan:
    """The whole plan."""
    with status("Working out what to do"):
        return make_plan(program, faults=debugging())


def work_out(project: Project, codemods: Collection[str] = CODEMODS, files: Collection[str] | None = None) -> Work:
    """What the codemods change, in some files or in all.

    Where none of them makes functions async, it is what they do in code that stays sync, such as from 1.x queries to
    select(); if that is nothing, their own part of the move.
    """
    if ASYNC_DEF not in codemods:
        work = _work_out(project, codemods, files, stays_sync=True)
        if work.contents:
            return work
    return _work_out(project, codemods, files, stays_sync=False)


def nothing_to_do(program: Program, decisions: Collection[Decision]) -> str:
    """The sentence for a whole plan that changes nothing and has nothing to look at; empty for all others."""
    if not program.uses_sqlalchemy:
        return "This project does not use SQLAlchemy: nothing to do."
    if any(decision.status is Status.DONE or needs_a_look(decision) for decision in decisions):
        return ""
    if any(b".ext.asyncio" in source.content for source in program.sources.values()):
        return "This project's SQLAlchemy code is async already: nothing to do."
    return "This project uses SQLAlchemy, but nothing in it has to become async: nothing to do."


def _work_out(project: Project, codemods: Collection[str], files: Collection[str] | None, *, stays_sync: bool) -> Work:
    program = project.program(stays_sync)
    if {*codemods} >= {*TOGETHER, beside.NAME}:
        program = beside.prepared(program)
    whole = plan_for(program)
    plan = whole.only(codemods, files)
    undone = Counter(d.codemod for d in whole.without(codemods) if d.status is Status.DONE and not stays_sync)
    with status("Rewriting"):
        contents = formatted(project.root, program.sources, rewrite(program, plan, faults=debugging()))
        return Work(program, codemods, list(plan), contents, undone)
