"""`--diff REV`: the findings that a change touches or newly makes, wherever they are."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from pathspec import GitIgnoreSpec

from ..analysis.asyncpg import LISTS
from ..analysis.settings_files import PYTEST
from ..analysis.templates import SUFFIXES
from ..checks.finding import Finding
from ..checks.outcome import Outcome
from . import cache, git
from .discovery import NEVER
from .gate import outcome_of
from .project import Project

# How the names of files end that the rules read beside code and templates.
BESIDE = (*PYTEST, *(pattern.rpartition("*")[2] for pattern in LISTS if not pattern.endswith(".py")))


def since(project: Project, revision: str, outcome: Outcome) -> Outcome:
    """The outcome, without the findings that were there before and on whose lines nothing has changed.

    Raises:
        Failure: git does not know the revision.
    """
    change = git.change(project.root, revision)
    before = Counter(finding.key for finding in _at(project, revision).findings)
    reported: list[Finding] = []
    for finding in outcome.findings:
        lines = change.lines.get(finding.path, frozenset())
        if not lines.isdisjoint(range(finding.line, finding.end_line + 1)):
            reported.append(finding)
            continue
        key = _key_before(finding, change)
        if before[key] <= 0:
            reported.append(finding)
        before[key] -= 1
    return replace(outcome, findings=tuple(reported))


def _at(project: Project, revision: str) -> Outcome:
    """What the rules found at a revision."""

    def work_out() -> Any:
        with TemporaryDirectory(prefix="asyncshift-") as folder:
            contents: dict[str, bytes] = {}
            for path, content in git.tree(project.root, revision, (".py", *SUFFIXES, *BESIDE)):
                if path.endswith((*SUFFIXES, *BESIDE)):
                    _write(Path(folder, path), content)
                elif _is_ours(project, path):
                    contents[path] = content
            return outcome_of(Path(folder), contents, project.settings).as_json()

    return Outcome.from_json(cache.kept_for(project, "check-before", git.tree_name(project.root, revision), work_out))


def _write(path: Path, content: bytes) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)


def _key_before(finding: Finding, change: git.Change) -> tuple[str, str, str, str]:
    """What the finding was known by in a file that had another name."""
    return replace(finding, path=change.renamed.get(finding.path, finding.path)).key


def _is_ours(project: Project, path: str) -> bool:
    """Would the file be looked at?"""
    if not NEVER.isdisjoint(path.split("/")) or GitIgnoreSpec.from_lines(project.settings.exclude).match_file(path):
        return False
    return any(f"{path}/".startswith(f"{given.rstrip('/')}/") or given == "." for given in project.settings.paths)
