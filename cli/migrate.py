"""`asyncshift migrate`, and carrying a plan out for the commands that do so in part."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, TypeVar

import click
from rich.text import Text

from ..analysis.decisions import Decision, Plan
from ..analysis.program import Program
from ..codemods.engine import CODEMODS, rewrite
from . import git, listing, writing
from .console import messages, output, status
from .diff import print_diff
from .errors import Failure
from .plan import make, nothing_to_do
from .project import Project, known, open_project, paths_argument, scope_options

Command = TypeVar("Command", bound=Callable[..., Any])
SHOWN = 5


def writing_options(command: Command) -> Command:
    """--dry-run and --force."""
    command = click.option("--force", is_flag=True, help="Write even if there are uncommitted changes.")(command)
    return click.option("--dry-run", is_flag=True, help="Print the diff and write nothing.")(command)


@click.command()
@paths_argument
@writing_options
@click.option("--only", metavar="CODEMOD", multiple=True, help="Only this codemod; may be given several times.")
@click.option("--skip", metavar="CODEMOD", multiple=True, help="All but this codemod; may be given several times.")
@scope_options
def migrate(
    paths: Sequence[str],
    dry_run: bool,
    force: bool,
    only: tuple[str, ...],
    skip: tuple[str, ...],
    module: str | None,
    driver: str | None,
) -> None:
    """Carry the plan out.

    All files are written, or none. `asyncshift undo` takes it back.
    """
    wanted, unwanted = known("codemod", only, CODEMODS), known("codemod", skip, CODEMODS)

    def chosen(plan: Plan) -> Plan:
        return (plan.only(wanted) if wanted else plan).without(unwanted)

    project = open_project(paths, driver, module, mend=not dry_run)
    carry_out(project, work_out(project, chosen), dry_run=dry_run, force=force)


@dataclass(frozen=True, slots=True)
class Work:
    """A plan and the contents that carry it out, nothing of it written yet."""

    program: Program
    decisions: list[Decision]
    contents: dict[str, bytes]


def work_out(project: Project, choose: Callable[[Plan], Plan] = lambda plan: plan, *, stays_sync: bool = False) -> Work:
    """Plan, choose the part that is wanted, and rewrite. With `stays_sync` nothing becomes async."""
    program = project.program(stays_sync)
    plan = choose(make(program))
    with status("Rewriting"):
        return Work(program, list(plan), rewrite(program, plan))


def carry_out(project: Project, work: Work, *, dry_run: bool, force: bool) -> None:
    """Write what has been worked out and say so, or show it if this is a dry run.

    Raises:
        Failure: nothing has been written, for the reason that it gives.
    """
    if not work.contents:
        _print(_unchanged(work))
    elif dry_run:
        print_diff(project.root, work.contents)
        if messages().is_terminal:
            messages().print(listing.summary(work.decisions))
    else:
        _check_clean(project, work, force)
        writing.write(project.root, work.contents)
        _print(_changed(work))


def _check_clean(project: Project, work: Work, force: bool) -> None:
    sources = work.program.sources
    stale = [p for p in work.contents if p in sources and (project.root / p).read_bytes() != sources[p].content]
    if stale:
        raise Failure(*(f"{path}: has changed while it was worked on; nothing has been written" for path in stale))
    unclean = [] if force else git.uncommitted(project.root, work.contents)
    if unclean:
        more = f" and {len(unclean) - SHOWN} more" if len(unclean) > SHOWN else ""
        raise Failure(
            f"uncommitted changes: {', '.join(unclean[:SHOWN])}{more}",
            "nothing has been written; commit or stash them first, or use --force",
        )


def _unchanged(work: Work) -> Iterator[Text]:
    looks = [decision for decision in work.decisions if listing.needs_a_look(decision)]
    if looks:
        yield Text(f"Nothing more can be converted; {listing.counted(len(looks), 'place')} to look at:", "bold")
        yield from listing.looks(looks)
    else:
        yield Text(nothing_to_do(work.program, work.decisions) or "Nothing to do.")


def _changed(work: Work) -> Iterator[Text]:
    looks = [decision for decision in work.decisions if listing.needs_a_look(decision)]
    functions = sum(map(listing.becomes_async, work.decisions))
    yield Text(
        f"{listing.counted(len(work.contents), 'file')} changed, {listing.counted(functions, 'function')} made async, "
        f"{listing.counted(len(looks), 'place')} to look at{':' if looks else '.'}",
        "bold",
    )
    yield from listing.looks(looks)
    yield Text("")
    yield Text("Next", "bold")
    for step in _next(sorted(work.contents), bool(looks)):
        yield Text(f"  {step}")


def _next(changed: Sequence[str], looks: bool) -> Iterator[str]:
    requirements = [path for path in changed if path.rpartition("/")[2].startswith(("requirements", "pyproject"))]
    if requirements:
        yield f"install what {' and '.join(requirements)} now asks for"
    if looks:
        yield "look at the places above"
    yield "run the test suite and read the diff"
    yield "`asyncshift undo` takes all of it back"


def _print(lines: Iterable[Text]) -> None:
    console = output()
    for line in lines:
        console.print(line)
