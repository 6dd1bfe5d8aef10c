"""`asyncshift report`."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import click

from ..analysis.decisions import Decision
from ..checks.evidence import parity
from ..checks.evidence.recording import Recording, Unreadable
from ..reports import html, markdown
from ..reports.facts import facts
from ..reports.located import located
from ..reports.progress import ASYNC_WORDS, SYNC_WORDS, progress
from ..reports.requirements import Contents
from ..reports.suite import suite
from . import cache, git, writing
from .errors import Failure
from .evidence import RECORDING, VERIFIED
from .gate import outcome_of
from .plan import worked_out
from .project import Project, open_project
from .work import work_out

TRACE, STATUS = "trace", "status"
KINDS = {TRACE: markdown.trace, "pull-request": markdown.pull_request}
FORMATS = ("markdown", "html", "json")
REVISIONS = 12
PAGE = "asyncshift-report.html"


@click.command()
@click.argument("path", default=".")
@click.option("--kind", type=click.Choice((*KINDS, STATUS)), default=TRACE, help="What is told.")
@click.option(
    "--format", "form", type=click.Choice(FORMATS), default="markdown", help="How it is told; html only a trace."
)
@click.option("--output", "file", metavar="FILE", help="Write it to FILE.")
@click.option("--open", "is_opened", is_flag=True, help=f"Show the HTML report in a browser; written to {PAGE}.")
def report(path: str, kind: str, form: str, file: str | None, is_opened: bool) -> None:
    """Tell of a migration: what changed where, why, how sure, and what remains.

    It is the last one, or where there was none the one that `migrate` would make. Every statement is backed by the
    data that --format json prints. The HTML report is one file that needs no network: figures, the call graph, and
    each diff with the reasons at its lines.

    \b
    Examples:
      asyncshift report --output trace.md
      asyncshift report --kind pull-request | gh pr create --title "AsyncSession" --body-file -
      asyncshift report --open
      asyncshift report --kind status
    """
    if is_opened:
        form, file = "html", file or PAGE
    project = open_project([path])
    text = told(project, kind, form)
    if file is None:
        click.echo(text, nl=False)
        return
    try:
        Path(file).write_text(text, encoding="utf-8")
    except OSError as error:
        raise Failure(f"{file}: {error.strerror}") from None
    if is_opened:
        click.launch(str(Path(file).resolve()))


def told(project: Project, kind: str, form: str) -> str:
    """The report of a kind in a format."""
    if form == "html" and kind != TRACE:
        raise Failure(f"--kind {kind} is told as markdown or json")
    if kind != STATUS:
        return gathered(project).text(kind, form)
    way = under_way(project)
    return as_json(way) if form == "json" else markdown.status(way)


def as_json(data: Mapping[str, Any]) -> str:
    """The data of a report."""
    return json.dumps(data, indent=1) + "\n"


def under_way(project: Project) -> dict[str, Any]:
    """How far the project is: what a migration of today's files would still do, and what git tells of the past."""
    plan = cache.kept(project, "plan", lambda: worked_out(project))
    decisions = [Decision.from_json(values) for values in plan["decisions"]]
    contents = {path: (project.root / path).read_bytes() for path in project.files}
    past = git.history(project.root, REVISIONS, (*SYNC_WORDS, *ASYNC_WORDS))
    return progress(project.root.name, contents, decisions, plan["below"], past)


@dataclass(frozen=True, slots=True)
class Told:
    """What is known of a migration."""

    facts: dict[str, Any]
    decisions: Sequence[Decision]
    before: Contents
    after: Contents
    is_done: bool = False

    def text(self, kind: str, form: str) -> str:
        """The report."""
        if form == "html":
            return html.page(self.facts, self.decisions, self.before, self.after)
        shown = located(self.facts, self.before, self.after) if self.is_done else self.facts
        return as_json(shown) if form == "json" else KINDS[kind](shown)


def gathered(project: Project) -> Told:
    """The facts of the last migration; where there was none, of the one that is planned."""
    migrated = _migrated(project)
    decisions, before, after = migrated or _planned(project)
    whole = {path: (project.root / path).read_bytes() for path in project.files}
    outcomes = (
        outcome_of(project.root, _python({**whole, **before}), project.settings),
        outcome_of(project.root, _python({**whole, **after}), project.settings),
    )
    found = facts(project.root.name, decisions, before, after, outcomes, _suite(project), whole)
    return Told(found, decisions, before, after, migrated is not None)


def _suite(project: Project) -> dict[str, Any] | None:
    """The comparison of what `record` and `verify` saw, if both did."""
    home = project.root / writing.HOME
    if writing.last(project.root) is None:
        return None
    try:
        return suite(parity.compare(Recording.read(home / RECORDING), Recording.read(home / VERIFIED)))
    except FileNotFoundError:
        return None
    except Unreadable as error:
        raise Failure(f"{error}: record and verify the suite again") from None


def _migrated(project: Project) -> tuple[Sequence[Decision], Contents, Contents] | None:
    journal = writing.last(project.root)
    if journal is None:
        return None
    decisions = [Decision.from_json(values) for values in journal.plan()]
    return decisions, journal.before(), {c.path: writing.bytes_of(project.root / c.path) for c in journal.changes}


def _planned(project: Project) -> tuple[Sequence[Decision], Contents, Contents]:
    work = work_out(project)
    before = {path: writing.bytes_of(project.root / path) for path in work.contents}
    return work.decisions, before, work.contents


def _python(contents: Mapping[str, bytes | None]) -> dict[str, bytes]:
    return {path: content for path, content in contents.items() if path.endswith(".py") and content is not None}
