"""`asyncshift plan`."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterator, Sequence
from typing import Any

import click
from rich.text import Text

from ..analysis.decisions import VERSION, Decision
from ..analysis.program import Program
from . import cache, listing, why
from .console import output
from .errors import quiet
from .project import Project, moving, open_project, paths_argument, scope_options

NEXT = (
    ("asyncshift plan --why NAME", "why a function becomes async"),
    ("asyncshift migrate --dry-run", "the diff"),
    ("asyncshift migrate", "carries it out; asyncshift undo takes it back"),
)


@click.command()
@paths_argument
@click.option(
    "--why",
    "name",
    metavar="NAME",
    help="Explain a function, class, module or path:line.",
)
@click.option("--format", "form", type=click.Choice(["text", "json"]), default="text", help="How the plan is printed.")
@scope_options
def plan(paths: Sequence[str], name: str | None, form: str, module: str | None, driver: str | None) -> None:
    """Print what would be done and why; changes nothing.

    Listed are, by file, each function that becomes async with its reason, each place that stays sync on purpose
    (keep), each public name that goes away (gone), and each place that a person has to look at (look).

    \b
    Examples:
      asyncshift plan
      asyncshift plan --why OrderService.place
      asyncshift plan --why shop/services.py:120
      asyncshift plan --format json src | jq .decisions
    """
    project = moving(open_project(paths, driver, module))
    told = cache.kept(project, "plan", lambda: worked_out(project))
    decisions = [Decision.from_json(values) for values in told["decisions"]]
    lines = _told(decisions, told["nothing"])
    if name is not None:
        functions = [why.Account.from_json(values) for values in told["functions"]]
        chosen, by_function = why.about(functions, name), why.ByFunction(decisions, functions)
        lines = why.told(project.root, chosen, by_function)
        decisions = list(dict.fromkeys(d for account in chosen for d in by_function.of(account)))
    if form == "json":
        click.echo(json.dumps({"version": VERSION, "decisions": [d.as_json() for d in decisions]}, indent=1))
        return
    console = output()
    for line in lines:
        console.print(line)


def worked_out(project: Project) -> dict[str, Any]:
    """The plan, as it is kept."""
    # What this imports takes longer than to tell a plan that is kept.
    from ..codemods.beside import prepared
    from ..reports.assessment import mistakes, stops
    from .work import nothing_to_do, plan_for

    program = prepared(project.program())
    decisions = list(plan_for(program))
    return {
        "decisions": [decision.as_json() for decision in decisions],
        "nothing": nothing_to_do(program, decisions),
        "functions": [account.as_json() for account in why.accounts(program, decisions)],
        "below": _below(program),
        "stopping": stops(program),
        "mistakes": mistakes(program),
    }


def _below(program: Program) -> dict[str, list[str]]:
    """Of each file with functions that become async the files of those that they call."""
    below: defaultdict[str, set[str]] = defaultdict(set)
    for function in program.colours.reasons:
        below[function.source.path].update(callee.source.path for callee in program.colours.callees(function))
    return {path: sorted(callees - {path}) for path, callees in sorted(below.items())}


def _told(decisions: Sequence[Decision], nothing: str) -> Iterator[Text]:
    if nothing:
        yield Text(nothing)
        return
    yield from listing.tree(decisions)
    yield from listing.figures(decisions)
    yield Text("")
    yield Text(listing.summary(decisions), "bold")
    if not quiet():
        yield Text("")
        yield from listing.commands(NEXT)
