"""Where sync code starts the program, async functions are run with `asyncio.run`.

    if __name__ == "__main__":        if __name__ == "__main__":
        main()                   ->       asyncio.run(main())
"""

from __future__ import annotations

import ast
from collections.abc import Iterator

from ..analysis.boundaries import Boundary
from ..analysis.colours import AsyncSite
from ..analysis.decisions import Confidence, Decision, Status
from ..analysis.program import Program
from ..analysis.symbols import Function
from .edit import Edit, Wrap
from .imports import request

NAME = "entry-points"
# Boundaries at which no event loop runs yet, so that one may be started.
STARTS_LOOP = {"module", "entry"}


def decide(program: Program) -> Iterator[Decision]:
    """One decision for each site in a function that stays sync though it reaches what is async now."""
    for function in program.functions:
        boundary = program.colours.boundaries.get(function)
        if boundary is None:
            continue
        for site in program.colours.sites_of(function):
            if site.kind not in {"schema", "query"}:
                yield _decision(program, function, boundary, site)


def _decision(program: Program, function: Function, boundary: Boundary, site: AsyncSite) -> Decision:
    source = function.source
    runs = boundary.kind in STARTS_LOOP and site.kind == "await" and site.callee is not None
    return Decision(
        NAME,
        source.site(site.node),
        "run it with asyncio.run" if runs else f"left as it is: {site.what}",
        Status.DONE if runs else Status.DECLINED,
        Confidence.HIGH if runs else Confidence.LOW,
        "" if runs else f"{function.qualname or source.path} stays sync: {boundary.why}",
        program.colours.site_chain(site),
        function.qualname,
        {},
        site.node,
    )


def rewrite(decision: Decision, program: Program) -> Iterator[Edit]:
    """Wrap the call."""
    node = decision.node
    assert isinstance(node, ast.expr)
    source = program.sources[decision.site.path]
    run, wanted = request(source, "asyncio", "run", at=node)
    if wanted:
        run, wanted = request(source, "asyncio", None, at=node)
        run = f"{run}.run"
    yield Wrap(*source.span(node), f"{run}(", ")")
    if wanted:
        yield wanted
