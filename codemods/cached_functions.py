"""What a cache of `functools` keeps of a function that awaits is a task, which each call awaits.

@cache                                   @cache
def owner(db):                           def owner(db):
    return db.scalars(owners).first()        async def run():
                                    ->           return (await db.scalars(owners)).first()

                                             return asyncio.ensure_future(run())

owner(db)                                await owner(db)
"""

from __future__ import annotations

import ast
from collections.abc import Iterator

from ..analysis.caching import is_cached
from ..analysis.decisions import Confidence, Decision
from ..analysis.program import Program
from .edit import Edit, Wrap
from .entry_bodies import within
from .imports import request

NAME = "cached-functions"
CONCERN = (
    "the cache keeps a task: one that failed is kept too and fails for all, as does one that a caller's timeout or "
    "cancellation ended; and one that isn't over yet belongs to its event loop"
)


def decide(program: Program) -> Iterator[Decision]:
    """A decision for each function that becomes async and whose results are kept."""
    for function in program.colours.reasons:
        if is_cached(program, function):
            yield Decision(
                NAME,
                function.site(),
                "keep the task that runs its body",
                confidence=Confidence.MEDIUM,
                concern=CONCERN,
                why=program.colours.chain(function),
                function=function.qualname,
                node=function.node,
            )


def rewrite(decision: Decision, program: Program) -> Iterator[Edit]:
    """Move the body into an async function, and give a task of that."""
    source, node = program.sources[decision.site.path], decision.node
    assert isinstance(node, ast.FunctionDef)
    asyncio, wanted = request(source, "asyncio", None, at=node)
    if wanted:
        yield wanted
    if node.returns:
        yield Wrap(*source.span(node.returns), f"{asyncio}.Task[", "]")
    yield from within(source, node, f"{asyncio}.ensure_future", always=True)
