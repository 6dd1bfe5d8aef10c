"""What the migration could not move, left on purpose, or told of: a finding there is told in the words of the plan."""

from __future__ import annotations

import ast
import re
from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping
from typing import TypeAlias

from ..analysis.decisions import OWN_LOOPS, RUNS_A_LOOP, Decision, Status
from ..analysis.moved import of_files
from ..analysis.source import Source
from .finding import Finding
from .rules import engine_in_several_loops

Place: TypeAlias = tuple[str, int]
_NAME = re.compile(r"[^\W\d]\w*")


def declined(
    decisions: Iterable[Decision],
    findings: Collection[Finding],
    before: Mapping[str, bytes],
    after: Mapping[str, bytes],
) -> dict[Finding, str]:
    """Of the findings in a migrated project those at places that the plan left as they are, or told of; with its words.

    `before` and `after` have the contents of the files that the decisions and the findings speak of.
    """
    decisions = [d for d in decisions if d.status is not Status.DONE or d.action.endswith(RUNS_A_LOOP)]
    places = _places(decisions, {finding.path for finding in findings}, before, after)
    is_told = any(OWN_LOOPS in decision.concern for decision in decisions)
    told: dict[Finding, str] = {}
    for finding in findings:
        there = [(d, begins) for d, begins in places[finding.path, finding.line] if _explains(d, finding)]
        texts = [(_words(d, is_told), begins) for d, begins in there]
        # Within a statement of several lines only what the plan names: another mistake may stand there.
        words = [text for text, begins in texts if begins or _likeness(text, finding)]
        if words:
            told[finding] = max(words, key=lambda text: _likeness(text, finding))
    return told | {f: why for f in findings if f not in told and (why := _through(f, told, after))}


def _places(
    decisions: Iterable[Decision], paths: Collection[str], before: Mapping[str, bytes], after: Mapping[str, bytes]
) -> defaultdict[Place, list[tuple[Decision, bool]]]:
    """The decisions by the lines where their places are now, and whether they begin there."""
    decisions = [d for d in decisions if d.site.path in paths]
    files = {decision.site.path for decision in decisions}
    moved = of_files({path: before.get(path) for path in files}, after)
    places: defaultdict[Place, list[tuple[Decision, bool]]] = defaultdict(list)
    for decision in decisions:
        site = moved[path].place(decision.site) if (path := decision.site.path) in moved else decision.site
        for line in range(site.line, site.end_line + 1):
            places[site.path, line].append((decision, line == site.line))
    return places


def _explains(decision: Decision, finding: Finding) -> bool:
    """Is what the plan left at a place, or a loop that it started there, what is found?"""
    return decision.status is not Status.DONE or finding.code == engine_in_several_loops.CODE


def _words(decision: Decision, is_told: bool) -> str:
    """What the plan says of a place; of the loops in a file it tells once."""
    made = decision.status is Status.DONE and is_told
    return decision.concern or (OWN_LOOPS if made else decision.action)


def _likeness(text: str, finding: Finding) -> int:
    """How much of the code that was found is named."""
    return len(set(_NAME.findall(finding.source)).intersection(_NAME.findall(text)))


def _through(finding: Finding, told: Mapping[Finding, str], after: Mapping[str, bytes]) -> str:
    """A function that stays sync hands on what it can't await: then so do those that call it."""
    for step in finding.chain:
        body = next(_sync_functions(step.path, after, step.line), range(0))
        for known, why in told.items():
            if known.path == step.path and known.line in body:
                return why
    return ""


def _sync_functions(path: str, contents: Mapping[str, bytes], line: int) -> Iterator[range]:
    """The lines of the function whose `def` stands at a line."""
    for node in Source.parse(path, contents[path]).nodes if path in contents else ():
        if isinstance(node, ast.FunctionDef) and node.lineno == line:
            yield range(line, (node.end_lineno or line) + 1)
