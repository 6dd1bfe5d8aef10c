"""`asyncshift check`."""

from __future__ import annotations

import os
from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import click

from ..checks.outcome import Outcome
from ..reports.formats import FORMATS, lines
from . import baseline, kept, newly, rulebook
from .console import output
from .errors import Failure
from .gate import outcome
from .project import Project, open_project, paths_argument


@click.command()
@paths_argument
@click.option("--format", "form", type=click.Choice(FORMATS), default="text", help="How the findings are printed.")
@click.option("--select", metavar="CODES", multiple=True, help="Only these rules: codes, their beginnings, or names.")
@click.option("--ignore", metavar="CODES", multiple=True, help="Not these rules.")
@click.option("--diff", "revision", metavar="REV", help="Only what the change since REV touches or newly breaks.")
@click.option("--baseline", "file", metavar="FILE", help="Do not count the findings that FILE lists.")
@click.option("--write-baseline", is_flag=True, help="Make that file, or take out of it what has been mended.")
@click.option("--fix", is_flag=True, help="Mend what can be mended safely, then report the rest.")
@click.option("--unsafe-fixes", is_flag=True, help="Mend also where the meaning may change.")
@click.option("--statistics", "counts", is_flag=True, help="Print how often each rule is broken.")
@click.option("--explain", "rule", metavar="CODE", help="Print what a rule means and how to mend what it finds.")
@click.pass_context
def check(
    context: click.Context,
    paths: Sequence[str],
    form: str,
    select: Sequence[str],
    ignore: Sequence[str],
    revision: str | None,
    file: str | None,
    write_baseline: bool,
    fix: bool,
    unsafe_fixes: bool,
    counts: bool,
    rule: str | None,
) -> None:
    """Find what is left from before, or would break under asyncio.

    The whole project is looked at; PATH chooses what is reported. Exit codes: 0 nothing found, 1 findings, 2 input that
    can't be worked on.

    \b
    Examples:
      asyncshift check
      asyncshift check --diff origin/main --format github
      asyncshift check --explain AS201
    """
    if rule is not None:
        click.echo(rulebook.explained(rule), nl=False)
        return
    if write_baseline and file is None:
        raise Failure("--write-baseline: which file? --baseline FILE says so")
    codes = rulebook.chosen_codes(select, ignore)
    wish = Wish(open_project(paths), codes, revision, Path(file) if file is not None else None)
    if fix or unsafe_fixes:
        _mend(wish, unsafe_fixes)
    if write_baseline and wish.baseline is not None:
        baseline.written(wish.baseline, wish.found(), *wish.scope)
    told = wish.told()
    _print(wish.project, told, form, counts)
    context.exit(2 if told.failures else 1 if told.findings else 0)


@dataclass
class Wish:
    """What is asked: the findings in some files, of some rules, since a revision, without those of a baseline."""

    project: Project
    codes: Collection[str]
    revision: str | None = None
    baseline: Path | None = None

    @property
    def scope(self) -> tuple[Collection[str], Collection[str], Path]:
        return frozenset(self.project.chosen), self.codes, self.project.root

    def found(self) -> Outcome:
        """What is found in the files, of the rules."""
        files = frozenset(self.project.chosen)
        return outcome(self.project).only(lambda finding: finding.code in self.codes and finding.path in files)

    def told(self) -> Outcome:
        """What of it is reported."""
        found = self.found()
        if self.baseline is not None:
            found = baseline.applied(self.baseline, found, *self.scope)
        found = replace(found, findings=(*found.findings, *kept.gone(found, *self.scope)))
        return newly.since(self.project, self.revision, found) if self.revision is not None else found


def _mend(wish: Wish, unsafe: bool) -> None:
    # Rewriting is not imported by a check that only looks.
    from .fixing import mend

    mend(wish.project, wish.told(), unsafe=unsafe)
    kept.shrink(wish.found(), *wish.scope)


def _print(project: Project, told: Outcome, form: str, counts: bool) -> None:
    shown = told.moved(lambda path: Path(os.path.relpath(project.root / path)).as_posix())
    console = output()
    for line in rulebook.statistics(shown) if counts else lines(form, shown, Path.cwd()):
        if isinstance(line, str):
            click.echo(line)
        else:
            console.print(line)
    for failure in told.failures:
        click.echo(f"asyncshift: {failure}", err=True)
