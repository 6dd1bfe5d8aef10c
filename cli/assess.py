"""`asyncshift assess`."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import click

from ..analysis.decisions import Decision
from ..analysis.program import BrokenInputs
from ..codemods import unparsed
from ..reports import markdown
from ..reports.assessment import assessment
from . import cache
from .plan import worked_out
from .project import Project, open_project


@click.command()
@click.argument("path", default=".")
@click.option("--format", "form", type=click.Choice(["markdown", "json"]), default="markdown", help="How it is told.")
def assess(path: str, form: str) -> None:
    """Is the move worth it, and what will it take? Changes nothing.

    The code is read, never imported, and nothing of the project needs to be installed. Files that can't be parsed are
    named and left out.

    \b
    Examples:
      asyncshift assess
      asyncshift assess ~/code/shop --format json
    """
    told = assessed(open_project([path]))
    click.echo(json.dumps(told, indent=1) if form == "json" else markdown.assessment(told), nl=form == "json")


def assessed(project: Project) -> dict[str, Any]:
    """What the plan, and the files themselves, say of a project."""
    project = replace(project, files=project.chosen)
    contents = {path: (project.root / path).read_bytes() for path in project.files}
    broken: list[str] = []
    try:
        plan = _plan(project)
    except BrokenInputs as error:
        broken = error.messages
        readable = (path for path in project.files if not any(m.startswith(f"{path}:") for m in broken))
        plan = _plan(replace(project, files=tuple(readable)))
    decisions = [Decision.from_json(values) for values in plan["decisions"]]
    broken += [f"{d.site}: {d.concern}" for d in decisions if d.codemod == unparsed.NAME]
    return assessment(project.root.name, contents, decisions, plan["stopping"], plan["mistakes"], broken)


def _plan(project: Project) -> Any:
    return cache.kept(project, "plan", lambda: worked_out(project))
