"""Carrying out what has been worked out: the checks before, the writing, and what is said of it."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import replace

from rich.text import Text

from ..analysis.decisions import GOES_AWAY, Decision, Status
from ..analysis.moved import of_files
from ..checks.declined import declined
from ..checks.finding import Finding
from ..checks.older import older
from ..checks.outcome import How, Outcome
from ..codemods.engine import CODEMODS
from . import git, kept, listing, writing
from .console import messages, remarks
from .diff import print_diff
from .errors import Failure, debugging
from .gate import everything
from .project import Project
from .work import Work, nothing_to_do

SHOWN = 5
NEXT = (
    ("asyncshift plan", "the places to look at, and why each function becomes async"),
    ("asyncshift migrate", "carries it out; asyncshift undo takes it back"),
)


def carry_out(project: Project, work: Work, *, dry_run: bool, force: bool) -> None:
    """Write what has been worked out and say so, or show it if this is a dry run.

    Raises:
        Failure: nothing has been written, for the reason that it gives.
    """
    if not work.contents:
        _print(_unchanged(work))
    elif dry_run:
        print_diff(project.root, work.contents)
        _print_summary(work)
    else:
        _check_clean(project, work, force)
        writing.write(project.root, work.contents, plan=[decision.as_json() for decision in work.decisions])
        _print(_changed(work, _left(project, work)))


def _print_summary(work: Work) -> None:
    """What a dry run has shown and what comes next; beside the diff, which may go into a file."""
    messages().print(f"Nothing has been written. {listing.summary(work.decisions)}")
    for command in listing.commands(NEXT):
        messages().print(command)


def _check_clean(project: Project, work: Work, force: bool) -> None:
    read = {path: work.program.as_read(path) for path in work.contents}
    stale = [path for path, was in read.items() if was is not None and (project.root / path).read_bytes() != was]
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
    looks = listing.rows(work.decisions, "look")
    if looks:
        yield Text(f"Nothing more can be converted; {listing.counted(len(looks), 'place')} to look at:", "bold")
        yield from listing.blocks(looks)
    elif len(work.codemods) < len(CODEMODS) and work.program.uses_sqlalchemy:
        yield Text(f"Nothing to do for {', '.join(_asked_for(work.codemods))}.")
    else:
        yield Text(nothing_to_do(work.program, work.decisions) or "Nothing to do.")


def _asked_for(codemods: Iterable[str]) -> list[str]:
    """The codemods without those that another one takes along."""
    along = {name for codemod in codemods for name in getattr(CODEMODS[codemod], "TOGETHER", ())}
    return [name for name in codemods if name not in along]


def _changed(work: Work, left: Outcome) -> Iterator[Text]:
    told = list(_told_where_they_are(work))
    looks, gone = listing.rows(told, "look"), listing.rows(told, "gone")
    functions = sum(map(listing.becomes_async, work.decisions))
    yield Text(
        f"{listing.counted(len(work.contents), 'file')} changed, {listing.counted(functions, 'function')} made async, "
        f"{listing.counted(len(looks), 'place')} to look at{':' if looks else '.'}",
        "bold",
    )
    yield from listing.blocks(looks)
    if work.undone:
        names = ", ".join(f"{name} ({listing.counted(n, 'place')})" for name, n in work.undone.most_common())
        yield Text(f"Left undone, as you asked, and needed before the code works: {names}.", "bold")
    yield from _told(left)
    yield Text("")
    if gone:
        yield Text("Names that other code may know:", "bold")
        yield from listing.blocks(gone)
        yield Text("")
    yield Text("Next", "bold")
    for step in _next(sorted(work.contents), bool(looks)):
        yield Text(f"  {step}")


def _told_where_they_are(work: Work) -> Iterator[Decision]:
    """What a person should look at, at the lines of the files that have been written."""
    moved = of_files(_contents(work), work.contents)
    for decision in work.decisions:
        if decision.concern or decision.status is Status.DECLINED or decision.action.startswith(GOES_AWAY):
            lines = moved.get(decision.site.path)
            yield replace(decision, site=lines.place(decision.site)) if lines is not None else decision


def _contents(work: Work) -> dict[str, bytes]:
    """The files that the decisions speak of."""
    return {path: source.content for path, source in work.program.sources.items()}


def _told(left: Outcome) -> Iterator[Text]:
    if left.findings:
        yield Text("")
        yield Text(f"`asyncshift check` finds {listing.counted(len(left.findings), 'mistake')} in the result:", "bold")
        for finding in left.findings:
            yield Text(f"  {finding.path}:{finding.line} {finding.code} {finding.message}")
    if left.accepted:
        yield Text("")
        yield Text(f"`asyncshift check` keeps {listing.counted(len(left.accepted), 'place')} of it:", "bold")
        for accepted in left.accepted:
            yield Text(f"  {accepted.finding.path}:{accepted.finding.line} {accepted.finding.code} {accepted.reason}")


def _left(project: Project, work: Work) -> Outcome:
    """What the gate finds in a project that has become async; what the plan left as it was is put down as kept."""
    if not any(map(listing.becomes_async, work.decisions)):
        return Outcome(())
    try:
        new = tuple(path for path in work.contents if path.endswith(".py") and path not in project.files)
        found = everything(replace(project, files=project.files + new))
        kept.record(project.root, found, _reasons(work, found.findings))
        left = kept.applied(project.root, found)
        return replace(left, accepted=tuple(a for a in left.accepted if a.how is How.KEPT))
    except Exception as fault:
        # The files are written: what is only a look at them must not make it seem otherwise.
        if debugging():
            raise
        messages().print(f"`asyncshift check` could not look at the result ({type(fault).__name__}: {fault}).")
        return Outcome(())


def _reasons(work: Work, findings: Collection[Finding]) -> dict[Finding, str]:
    """Why the plan left what is found as it was; the words for it have been told."""
    before = _contents(work)
    was_so = older(work.program, findings)
    return was_so | declined(work.decisions, [f for f in findings if f not in was_so], before, before | work.contents)


def _next(changed: Sequence[str], looks: bool) -> Iterator[str]:
    requirements = [path for path in changed if path.rpartition("/")[2].startswith(("requirements", "pyproject"))]
    if requirements:
        yield f"install what {' and '.join(requirements)} now {'asks' if len(requirements) == 1 else 'ask'} for"
    if looks:
        yield "look at the places above"
    yield "run the test suite and read the diff"
    yield "`asyncshift undo` takes all of it back"


def _print(lines: Iterable[Text]) -> None:
    console = remarks()
    for line in lines:
        console.print(line)
