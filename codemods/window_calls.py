"""Functions of windows, which a toolkit's main loop calls, run with `asyncio.run` what is async.

    def show(self):                              def show(self):
        self.label.config(text=load())    ->         self.label.config(text=asyncio.run(load()))

Async code calls such a function in a thread, where it can run a loop of its own:

    async def test_show(db):                     async def test_show(db):
        view.show()                       ->         await asyncio.to_thread(view.show)
"""

from __future__ import annotations

import ast
from collections.abc import Iterator

from ..analysis.async_sites import AsyncSite
from ..analysis.decisions import OWN_LOOPS, RUNS_A_LOOP, Decision
from ..analysis.program import Program
from ..analysis.windows import is_runnable
from .edit import Edit, Wrap
from .imports import request
from .in_a_thread import in_a_thread

NAME = "window-calls"


def decide(program: Program) -> Iterator[Decision]:
    """A decision for each call that a loop of its own runs, and for each that starts one and is made on a loop."""
    colours = program.colours
    # A call that may reach what stays sync is told of elsewhere.
    seen = {site.node for site, _ in colours.uneven()}
    told: set[str] = set()
    for site in sorted(colours.sites(), key=lambda s: (s.function.source.path, s.node.lineno, s.node.col_offset)):
        if is_run(program, site) and site.node not in seen:
            seen.add(site.node)
            path = site.function.source.path
            yield _decision(program, site, f"run it with {RUNS_A_LOOP}", "" if path in told else OWN_LOOPS)
            told.add(path)
    for callee in sorted(colours.windows.reaching, key=lambda f: f.key):
        for site in colours.calls_of(callee):
            is_call = site.kind in {"await", "construct"} and site.node not in seen
            if is_call and colours.is_async(site.function):
                seen.add(site.node)
                yield _decision(program, site, "call it in a thread, where it can run a loop of its own", "", True)


def is_run(program: Program, site: AsyncSite) -> bool:
    """Is what the site calls run on a loop of its own where it stands?"""
    is_of_window = site.function in program.windows and not program.colours.may_await(site.function)
    return is_of_window and is_runnable(site)


def _decision(program: Program, site: AsyncSite, action: str, concern: str, in_thread: bool = False) -> Decision:
    return Decision(
        NAME,
        site.function.source.site(site.node),
        action,
        concern=concern,
        why=program.colours.site_chain(site),
        function=site.function.qualname,
        data={"thread": in_thread},
        node=site.node,
    )


def rewrite(decision: Decision, program: Program) -> Iterator[Edit]:
    """Wrap the call."""
    source = program.sources[decision.site.path]
    node = decision.node
    if decision.data["thread"]:
        assert isinstance(node, ast.Call)
        yield from in_a_thread(source, node)
        return
    assert isinstance(node, ast.expr)
    run, wanted = request(source, "asyncio", None, at=node)
    if wanted:
        yield wanted
    yield Wrap(*source.span(node), f"{run}.run(", ")")
