"""What the migration could not move, or left on purpose: a finding at such a place is told in the words of the plan."""

from __future__ import annotations

import ast
import re
from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping
from typing import TypeAlias

from ..analysis.decisions import Decision, Status
from ..analysis.moved import of_files
from ..analysis.source import Source
from .finding import Finding

Place: TypeAlias = tuple[str, int]
_NAME = re.compile(r"[^\W\d]\w*")


def declined(
    decisions: Iterable[Decision],
    findings: Collection[Finding],
    before: Mapping[str, bytes],
    after: Mapping[str, bytes],
) -> dict[Finding, str]:
    """Of the findings in a migrated project those at places that the plan left as they are; with its words for it.

    `before` and `after` have the contents of the files that the decisions and the findings speak of.
    """
    words = _words(decisions, {finding.path for finding in findings}, before, after)
    told = {f: _fitting(words[f.path, f.line], f) for f in findings if (f.path, f.line) in words}
    return told | {f: why for f in findings if f not in told and (why := _through(f, told, after))}


def _words(
    decisions: Iterable[Decision], paths: Collection[str], before: Mapping[str, bytes], after: Mapping[str, bytes]
) -> dict[Place, list[str]]:
    """What the plan says of the places that it left, by where these are now."""
    left = [d for d in decisions if d.status is not Status.DONE and d.site.path in paths]
    files = {decision.site.path for decision in left}
    moved = of_files({path: before.get(path) for path in files}, after)
    words: defaultdict[Place, list[str]] = defaultdict(list)
    for decision in left:
        site = moved[path].place(decision.site) if (path := decision.site.path) in moved else decision.site
        for line in range(site.line, site.end_line + 1):
            words[site.path, line].append(decision.concern or decision.action)
    return words


def _fitting(words: Iterable[str], finding: Finding) -> str:
    """Of several things that are said of a place the one that names most of the code that was found."""
    names = set(_NAME.findall(finding.source))
    return max(words, key=lambda text: len(names.intersection(_NAME.findall(text))))


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
