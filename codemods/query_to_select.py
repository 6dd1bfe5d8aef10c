"""Legacy `session.query(…)` chains become `select(…)` statements of the same meaning.

Before:

    user = db.query(User).filter(User.id == user_id).first()

After, where the session is an AsyncSession:

    user = (await db.scalars(select(User).where(User.id == user_id).limit(1))).first()

Where the session stays sync, the same without `await`. All statements that work on one query are rewritten together or
not at all.
"""

from __future__ import annotations

import ast
from collections import Counter, defaultdict
from collections.abc import Iterator
from dataclasses import replace

from ..analysis.decisions import Confidence, Decision, Status
from ..analysis.once import once
from ..analysis.program import Program
from ..analysis.queries import queries
from .carried import Work, as_data, carried, decided
from .edit import Edit
from .import_lines import line_length
from .query_annotations import annotated, typed_parameters
from .query_layout import Layout, stands_inside
from .query_mocks import held_by_mocks
from .query_passing import Change
from .query_sites import Group, Site, rewritten_groups
from .query_text import replaced_spans
from .query_unseen import unseen

NAME = "query-to-select"
# Tests whose mocks stand for queries must follow also where nothing else changes.
TOGETHER = ("mocks",)
REFUSED = "query() cannot become select()"


def decide(program: Program) -> Iterator[Decision]:
    """A decision for each chain."""
    yield from _decided(program)


def rewrite(decision: Decision, program: Program) -> Iterator[Edit]:
    """The edits that were worked out when the decision was made."""
    yield from carried(decision)


@once
def _decided(program: Program) -> list[Decision]:
    groups = [
        g for g in rewritten_groups(program) if not all(program.stays_behind(s.chain.source.path) for s in g.sites)
    ]
    while True:
        decisions = list(_decide(program, groups))
        held = held_by_mocks(program, decisions)
        if not held:
            return decisions
        for group in groups:
            refused = next((site for site in group.sites if site.node in held), None)
            if refused is not None:
                refused.concern = held[refused.node]
                group.refuse(refused)


def _decide(program: Program, groups: list[Group]) -> Iterator[Decision]:
    sites: defaultdict[str, list[Site]] = defaultdict(list)
    for group in groups:
        for site in group.sites:
            sites[site.chain.source.path].append(site)
    for of_file in sites.values():
        yield from _decisions(program, of_file)
        yield from _types(program, of_file)
    yield from _never_given(program)
    for source, node, concern in unseen(program):
        yield decided(program, NAME, Work(source, node, REFUSED, [], concern, Status.DECLINED))
    changes = {change.node: change for group in groups for change in group.changes}
    for change in changes.values():
        yield _passing(program, change)


# The decisions of one file


def _decisions(program: Program, sites: list[Site]) -> Iterator[Decision]:
    done = [s for s in sites if not s.concern]
    taken = [span for s in done for span in replaced_spans(s.edits)]
    laid_out: set[ast.AST] = {s.node for s in done if s.layers}
    lines = Counter(s.node.lineno for s in done if s.layers)
    for site in sites:
        source = site.chain.source
        function = program.function_at(source, site.node)
        decision = Decision(
            NAME,
            source.site(site.node),
            REFUSED if site.concern else site.action,
            Status.DECLINED if site.concern else Status.DONE,
            Confidence.HIGH,
            site.concern,
            function=function.qualname if function else "",
            node=site.node,
        )
        if not site.concern:
            crowded = lines[site.node.lineno] > 1 and site.node.lineno == site.node.end_lineno
            compact = site.in_place or crowded or stands_inside(site.node, source, laid_out)
            layout = Layout(source, site.node, site.layers, site.edits, taken, line_length(source), site.chain)
            edits = [*site.edits, *layout.edits(compact), *site.imports]
            if not edits:
                continue
            decision = replace(decision, data=as_data(edits))
        yield decision


def _types(program: Program, sites: list[Site]) -> Iterator[Decision]:
    """The annotations of the functions in which all queries have become selects."""
    source = sites[0].chain.source
    kept = {program.function_at(source, s.node) for s in sites if s.concern}
    changed = dict.fromkeys(program.function_at(source, s.node) for s in sites if not s.concern)
    functions = [f for f in changed if f is not None and not f.is_module and f not in kept]
    for node, edits in annotated(source, [f.node for f in functions]):
        function = next(f for f in functions if any(part is node for part in ast.walk(f.node)))
        yield Decision(
            NAME,
            source.site(node),
            "the type Query becomes Select",
            function=function.qualname,
            data=as_data(edits),
            node=node,
        )


def _never_given(program: Program) -> Iterator[Decision]:
    """Parameters for a Query of which nothing is known but the type."""
    for source in program.sources.values():
        for function, parameter in typed_parameters(program, source):
            if not queries(program.parameter(function, parameter.arg)):
                yield Decision(
                    NAME,
                    source.site(parameter),
                    REFUSED,
                    Status.DECLINED,
                    Confidence.LOW,
                    "no query is seen that it is given: a statement needs its session as well",
                    function=function.qualname,
                )


def _passing(program: Program, change: Change) -> Decision:
    """A caller, or a function's parameters, where a session is passed along."""
    source, node = change.source, change.node
    function = program.function_at(source, node)
    return Decision(
        NAME,
        source.site(node),
        "the session is passed along to where the statement is executed",
        confidence=Confidence.MEDIUM,
        function=function.qualname if function else "",
        data=as_data([*change.edits, *change.imports]),
        node=node,
    )
