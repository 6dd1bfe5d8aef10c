"""What was so before the migration: it moves what a project does to asyncio, and leaves the project's own mistakes."""

from __future__ import annotations

from collections.abc import Collection, Iterable

from ..analysis.offloading import stopping
from ..analysis.program import Program
from .engine import examine
from .finding import Finding
from .rules import (
    blocking_call,
    query_in_loop,
    session_in_background,
    session_kept,
    several_rows,
    unresolved,
    write_without_commit,
)

WAS_SO = "as before the migration"
NO_THREAD = "as before the migration, when no thread made this call either"
# What these find in async code they do not look for in sync code, where it is the same.
SAME_WHEN_SYNC = frozenset(
    rule.CODE for rule in (query_in_loop, session_in_background, session_kept, several_rows, write_without_commit)
)
# What a migration makes of sync code may break these, even where async code broke them before; what could not be
# resolved before is the exception.
NEW = ("AS1", "AS3", "AS9")


def older(before: Program, findings: Collection[Finding]) -> dict[Finding, str]:
    """Of the findings in a migrated project those that the project `before` had already; with the words for it."""
    codes = {f.code for f in findings if not f.code.startswith(NEW) or f.code == unresolved.CODE} - SAME_WHEN_SYNC
    known = {f.key for f in examine(before, codes, faults=False).findings} if codes else frozenset()
    calls = _calls(before) if blocking_call.CODE in codes else frozenset()
    return {f: f"{reason}: {f.message}" for f in findings if (reason := _reason(f, known, calls))}


def _reason(finding: Finding, known: Iterable[object], calls: Collection[tuple[str, str]]) -> str:
    if finding.code in SAME_WHEN_SYNC or finding.key in known:
        return WAS_SO
    if finding.code == blocking_call.CODE and finding.chain:
        return NO_THREAD if (finding.chain[-1].path, finding.chain[-1].text) in calls else ""
    return ""


def _calls(before: Program) -> Collection[tuple[str, str]]:
    """The blocking calls that no thread made: their files, and what they do."""
    ends = (block.chain[-1] for block in stopping(before))
    return {(end.site.path, end.what) for end in ends}
