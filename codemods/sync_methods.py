"""Methods that AsyncSession does not have are called on its sync session, through `run_sync`.

db.bulk_save_objects(users)  ->   await db.run_sync(lambda session: session.bulk_save_objects(users))
"""

from __future__ import annotations

import ast
from collections.abc import Iterator

from ..analysis.decisions import Confidence, Decision, Status
from ..analysis.program import Program
from .awaiting import wrap_await
from .edit import Edit, Replace, Wrap

NAME = "sync-methods"


def decide(program: Program) -> Iterator[Decision]:
    """One decision for each call of such a method."""
    for site in program.colours.sites():
        if site.kind != "sync only" or not program.is_async_after(site.function):
            continue
        # What stands inside of the lambda can't await.
        inside = {n for n in ast.walk(site.node) if n is not site.node}
        awaits = any(other.node in inside for other in program.colours.sites_of(site.function))
        yield Decision(
            NAME,
            site.function.source.site(site.node),
            "call it on the sync session, through run_sync",
            Status.DECLINED if awaits else Status.DONE,
            Confidence.HIGH,
            "an argument has to be awaited first: give it a name before the call" if awaits else "",
            program.colours.site_chain(site),
            site.function.qualname,
            {},
            site.node,
        )


def rewrite(decision: Decision, program: Program) -> Iterator[Edit]:
    """Put the call into a lambda."""
    node = decision.node
    assert isinstance(node, ast.Call)
    assert isinstance(node.func, ast.Attribute)
    source = program.sources[decision.site.path]
    taken = {n.id for n in ast.walk(node) if isinstance(n, ast.Name)}
    name = "session" if "session" not in taken else "sync_session"
    receiver = source.span(node.func.value)[1]
    yield from wrap_await(source, node)
    yield Replace(receiver, receiver, f".run_sync(lambda {name}: {name}")
    yield Wrap(*source.span(node), "", ")", rank=-1)
