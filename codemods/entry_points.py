"""Where sync code starts the program, async functions are run with `asyncio.run`.

    if __name__ == "__main__":        if __name__ == "__main__":
        main()                   ->       asyncio.run(main())

A command, task or thread target that a library calls keeps its sync signature; its body moves into an async function:

    @app.command()                    @app.command()
    def seed(count: int):             def seed(count: int):
        with Session() as db:    ->       async def run():
            ...                               async with Session() as db:
                                                  ...
                                          return asyncio.run(run())

Where code that runs on a loop calls it too, the body becomes a function beside it, which that code awaits.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator

from ..analysis.async_sites import AsyncSite
from ..analysis.boundaries import Boundary
from ..analysis.decisions import OWN_LOOPS, RUNS_A_LOOP, Confidence, Decision, Status
from ..analysis.program import Program
from ..analysis.symbols import Function
from .edit import Edit, Wrap
from .entry_bodies import beside, within
from .import_sessions import factory_behind
from .imports import request
from .startup import is_at_import_of_application, is_moved
from .window_calls import is_run

NAME = "entry-points"
OWN_SITES = {"schema", "query", "load"}
LOOP_RUNS = "a server imports this module while its loop runs, where asyncio.run can't be: call it in the lifespan"


def decide(program: Program) -> Iterator[Decision]:
    """One decision for each function that is run on a loop, and for each call that can't be awaited where it stands."""
    entries = program.colours.entries
    for function, boundary in program.colours.boundaries.items():
        sites = program.colours.sites_of(function)
        if function in entries and isinstance(function.node, ast.FunctionDef) and sites:
            yield _entry(program, function, boundary, sites[0])
            yield from _inside_a_loop(program, function)
            continue
        for site in sites:
            is_done = program.colours.can_await(function, site.node) or factory_behind(program, site)
            if site.kind not in OWN_SITES and not (is_done or is_moved(program, site) or is_run(program, site)):
                yield _call(program, function, boundary, site)


def _entry(program: Program, function: Function, boundary: Boundary, site: AsyncSite) -> Decision:
    assert isinstance(function.node, ast.FunctionDef)
    return Decision(
        NAME,
        function.site(),
        f"run its body with {RUNS_A_LOOP}",
        Status.DONE,
        Confidence.MEDIUM,
        f"{boundary.why}; {OWN_LOOPS}",
        program.colours.site_chain(site),
        function.qualname,
        {"entry": True, "split": function in program.colours.split},
        function.node,
    )


def _inside_a_loop(program: Program, entry: Function) -> Iterator[Decision]:
    """The calls of commands whose decorator starts a loop, in code that runs on one."""
    for site in program.colours.calls_of(entry) if program.decorators.starts(entry) else ():
        if program.colours.may_await(site.function):
            yield Decision(
                NAME,
                site.function.source.site(site.node),
                f"left as it is: {site.what}",
                Status.DECLINED,
                Confidence.LOW,
                "the command is run with asyncio.run, which can't be done where a loop runs",
                program.colours.site_chain(site),
                site.function.qualname,
                {"entry": False},
                site.node,
            )


def _call(program: Program, function: Function, boundary: Boundary, site: AsyncSite) -> Decision:
    source = function.source
    runs = boundary.kind == "module" and site.kind == "await" and site.callee is not None
    becomes = ", which becomes async" if site.callee else ""
    concern = f"{function.qualname or source.path} stays sync: {boundary.why}; it {site.what}{becomes}"
    if runs:
        concern = LOOP_RUNS if is_at_import_of_application(program, site) else ""
    return Decision(
        NAME,
        source.site(site.node),
        f"run it with {RUNS_A_LOOP}" if runs else f"left as it is: {site.what}",
        Status.DONE if runs else Status.DECLINED,
        Confidence.HIGH if runs else Confidence.LOW,
        concern,
        program.colours.site_chain(site),
        function.qualname,
        {"entry": False},
        site.node,
    )


def rewrite(decision: Decision, program: Program) -> Iterator[Edit]:
    """Wrap the call, or move the body into an async function."""
    source = program.sources[decision.site.path]
    node = decision.node
    run, wanted = request(source, "asyncio", None, at=node)
    if wanted:
        yield wanted
    if isinstance(node, ast.FunctionDef):
        yield from beside(source, node, run) if decision.data["split"] else within(source, node, f"{run}.run")
    else:
        assert isinstance(node, ast.expr)
        yield Wrap(*source.span(node), f"{run}.run(", ")")
