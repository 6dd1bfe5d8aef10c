"""`--fix`: what the rules know how to mend is written, all files or none."""

from __future__ import annotations

import ast
from collections.abc import Iterable
from itertools import groupby

from ..analysis.source import BrokenInput, Source
from ..checks.finding import Finding
from ..checks.fix import Fix
from ..checks.outcome import Outcome
from ..codemods.edit import Conflict, Edit, Import, Replace, apply
from ..codemods.imports import settle
from . import writing
from .console import messages
from .listing import counted
from .project import Project


def mend(project: Project, outcome: Outcome, *, unsafe: bool) -> None:
    """Mend the findings that have a fix, those with an unsafe one only when asked."""
    wanted = [f for f in outcome.findings if f.fix is not None and (unsafe or f.fix.is_safe)]
    contents: dict[str, bytes] = {}
    count = 0
    for path, findings in groupby(wanted, lambda finding: finding.path):
        source = Source.read(project.root, path)
        done, contents[path] = _rewritten(source, findings)
        count += done
    changed = {path: content for path, content in contents.items() if content != (project.root / path).read_bytes()}
    if changed:
        writing.write(project.root, changed)
        messages().print(
            f"{counted(count, 'finding')} mended in {counted(len(changed), 'file')}; `asyncshift undo` takes it back."
        )


def _rewritten(source: Source, findings: Iterable[Finding]) -> tuple[int, bytes]:
    """How many fixes can be made together, and the file's new content."""
    kept: list[Edit] = []
    content, count = source.content, 0
    for finding in findings:
        assert finding.fix is not None
        try:
            content = _applied(source, [*kept, *_edits(finding.fix)])
        except (Conflict, BrokenInput):
            continue
        kept += _edits(finding.fix)
        count += 1
    return count, content


def _edits(fix: Fix) -> list[Edit]:
    replaced = [Replace(edit.start, edit.end, edit.text) for edit in fix.edits]
    return [*replaced, *(Import(module, name or None) for module, name in fix.imports)]


def _applied(source: Source, edits: list[Edit]) -> bytes:
    content = apply(source.content, edits)
    names = frozenset(a.asname or a.name for a in source.nodes if isinstance(a, ast.alias))
    content = settle(source, content, [e for e in edits if isinstance(e, Import)], names)
    Source.parse(source.path, content).compile()
    return content
