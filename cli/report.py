"""`asyncshift report`."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import click

from ..analysis.decisions import Decision
from ..reports import html, markdown
from ..reports.facts import Contents, facts
from . import writing
from .errors import Failure
from .gate import outcome_of
from .project import Project, open_project
from .work import work_out

KINDS = {"trace": markdown.trace, "pull-request": markdown.pull_request}
FORMATS = ("markdown", "html", "json")
PAGE = "asyncshift-report.html"


@click.command()
@click.argument("path", default=".")
@click.option("--kind", type=click.Choice(tuple(KINDS)), default="trace", help="What is told.")
@click.option("--format", "form", type=click.Choice(FORMATS), default="markdown", help="How it is told.")
@click.option("--output", "file", metavar="FILE", help="Write it to FILE.")
@click.option("--open", "is_opened", is_flag=True, help=f"Show the HTML report in a browser; written to {PAGE}.")
def report(path: str, kind: str, form: str, file: str | None, is_opened: bool) -> None:
    """Tell of the last migration, or of the one that `migrate` would make.

    What changed where, why, how sure, and what remains; every statement is backed by the data that --format json
    prints. The HTML report is one file that needs no network: figures, the call graph, and each diff with the reasons
    at its lines.

    \b
    Examples:
      asyncshift report --output trace.md
      asyncshift report --kind pull-request | gh pr create --title "AsyncSession" --body-file -
      asyncshift report --open
    """
    if is_opened:
        form, file = "html", file or PAGE
    told = gathered(open_project([path]))
    text = told.text(kind, form)
    if file is None:
        click.echo(text, nl=False)
        return
    try:
        Path(file).write_text(text, encoding="utf-8")
    except OSError as error:
        raise Failure(f"{file}: {error.strerror}") from None
    if is_opened:
        click.launch(str(Path(file).resolve()))


@dataclass(frozen=True, slots=True)
class Told:
    """What is known of a migration."""

    facts: dict[str, Any]
    decisions: Sequence[Decision]
    before: Contents
    after: Contents

    def text(self, kind: str, form: str) -> str:
        """The report."""
        if form == "json":
            return json.dumps(self.facts, indent=1) + "\n"
        if form == "html":
            return html.page(self.facts, self.decisions, self.before, self.after)
        return KINDS[kind](self.facts)


def gathered(project: Project) -> Told:
    """The facts of the last migration; where there was none, of the one that is planned."""
    decisions, before, after = _migrated(project) or _planned(project)
    whole = {path: (project.root / path).read_bytes() for path in project.files}
    outcomes = (
        outcome_of(project.root, _python({**whole, **before}), project.settings),
        outcome_of(project.root, _python({**whole, **after}), project.settings),
    )
    return Told(facts(project.root.name, decisions, before, after, outcomes), decisions, before, after)


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
