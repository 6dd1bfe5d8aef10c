"""Code that stays sync is lent the session of code that moves, through `run_sync`.

report = monthly_report(db, year)   ->   report = await db.run_sync(monthly_report, year)

Before, `monthly_report` is kept sync by the configuration or lies outside of the package that moves; so it is after,
and finds a Session.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator

from ..analysis.async_sites import AsyncSite
from ..analysis.border import lent
from ..analysis.decisions import Confidence, Decision, Status
from ..analysis.program import Program
from ..analysis.source import Source
from ..analysis.values import ClassObject
from .awaiting import wrap_await
from .edit import Edit, Replace, Wrap

NAME = "border-calls"


def decide(program: Program) -> Iterator[Decision]:
    """A decision for each call across the border that a session goes with."""
    seen: set[ast.expr] = set()
    for site in program.colours.sites():
        if site.kind == "border" and site.node not in seen and program.is_async_after(site.function):
            seen.add(site.node)
            yield _decision(program, site)


def _decision(program: Program, site: AsyncSite) -> Decision:
    assert isinstance(site.node, ast.Call)
    concern = _concern(program, site, site.node)
    return Decision(
        NAME,
        site.function.source.site(site.node),
        "left as it is" if concern else "call it with the sync session, through run_sync",
        Status.DECLINED if concern else Status.DONE,
        Confidence.HIGH,
        concern,
        program.colours.site_chain(site),
        site.function.qualname,
        {},
        site.node,
    )


def _concern(program: Program, site: AsyncSite, node: ast.Call) -> str:
    given = lent(program, node)
    if any(isinstance(v, ClassObject) for v in program.values(node.func)):
        return f"{site.what}, and keeps it: make the object inside of run_sync"
    if len(given) != 1 or not isinstance(given[0], ast.Name | ast.Attribute):
        return f"{site.what}: lend it the sync session by hand, inside of run_sync"
    inside = {n for n in ast.walk(node) if n is not node}
    if node.args[:1] != given and any(s.node in inside for s in program.colours.sites_of(site.function)):
        return "an argument has to be awaited first: give it a name before the call"
    return ""


def rewrite(decision: Decision, program: Program) -> Iterator[Edit]:
    """Hand the function to `run_sync`; one whose first argument is not the session inside of a lambda."""
    node = decision.node
    assert isinstance(node, ast.Call)
    source = program.sources[decision.site.path]
    (session,) = lent(program, node)
    text = source.text(session)
    yield from wrap_await(source, node)
    if node.args[:1] == [session]:
        end = source.span(node.func)[1]
        yield Wrap(*source.span(node.func), f"{text}.run_sync(", "")
        yield Replace(end, source.span(session)[1], "")
    else:
        yield from _in_lambda(source, node, session, text)


def _in_lambda(source: Source, node: ast.Call, session: ast.expr, text: str) -> Iterator[Edit]:
    taken = {n.id for n in ast.walk(node) if isinstance(n, ast.Name)}
    name = "session" if "session" not in taken else "sync_session"
    yield Replace(*source.span(session), name)
    yield Wrap(*source.span(node), f"{text}.run_sync(lambda {name}: ", ")", rank=-1)
