"""`asyncshift check`."""

from __future__ import annotations

import json
import os
from collections.abc import Sequence
from dataclasses import asdict, replace
from pathlib import Path

import click

from ..checks.engine import check as run_rules
from ..checks.finding import Finding
from .errors import debugging
from .project import open_project, paths_argument

FORMATS = ("text", "json")


@click.command()
@paths_argument
@click.option("--format", "form", type=click.Choice(FORMATS), default="text", help="How the findings are printed.")
@click.pass_context
def check(context: click.Context, paths: Sequence[str], form: str) -> None:
    """Find what is left from before, or would break under asyncio.

    Exit codes: 0 nothing found, 1 findings, 2 input that can't be worked on.
    """
    project = open_project(paths)
    findings = [_from_here(f, project.root) for f in run_rules(project.program(), faults=debugging())]
    if form == "json":
        click.echo(json.dumps({"version": 1, "findings": [asdict(f) for f in findings]}, indent=1))
    else:
        for finding in findings:
            click.echo(f"{finding.path}:{finding.line}:{finding.column + 1}: {finding.code} {finding.message}")
    context.exit(1 if findings else 0)


def _from_here(finding: Finding, root: Path) -> Finding:
    """The finding with its paths relative to the current folder."""

    def relative(path: str) -> str:
        return Path(os.path.relpath(root / path)).as_posix()

    chain = tuple(replace(step, path=relative(step.path)) for step in finding.chain)
    return replace(finding, path=relative(finding.path), chain=chain)
