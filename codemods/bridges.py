"""Coroutines that sync code ran to their end are awaited, and the helpers that ran them go.

user = run_async(load(1))          user = await load(1)
asyncio.run(send(mail))       ->   await send(mail)
async_to_sync(send)(mail)          await send(mail)
"""

from __future__ import annotations

import ast
from collections.abc import Iterator
from dataclasses import replace
from functools import partial

from ..analysis.async_sites import AsyncSite
from ..analysis.bridge_functions import Bridge
from ..analysis.bridges import Run
from ..analysis.decisions import Confidence, Decision, Status
from ..analysis.machinery import known, serves_bridges
from ..analysis.program import Program
from ..analysis.source import Source
from ..analysis.symbols import Function
from ..analysis.threads import MAKER
from .awaiting import wrap_await
from .direct_calls import call_directly, instead
from .edit import Edit, Replace
from .imports import request
from .loop_edits import edits, gone_spans
from .loop_plumbing import Plumbing, plumbing
from .loop_questions import called
from .removal import lines_removed, span_of, without
from .unused import Uses, orphans, uses_of

NAME = "bridges"


def decide(program: Program) -> Iterator[Decision]:
    """One decision for each place that goes over a bridge, and for each bridge that nothing needs any more."""
    sites = [s for s in program.colours.sites() if s.kind == "bridge" and program.colours.can_await(s.function, s.node)]
    runs = {site: program.bridges.sites[site.node] for site in sites if isinstance(site.node, ast.Call)}
    done = {run.node for run in runs.values()}
    made = {run.made for run in runs.values()}
    stays: dict[Function | None, str] = {f: why for f in made if f and (why := _stays_sync(program, f, done))}
    for site, run in runs.items():
        yield _awaiting(program, site, run, stays.get(run.made, ""))
    awaited = [run for run in runs.values() if run.made not in stays]
    for function in dict.fromkeys(run.made for run in awaited if run.made):
        yield _plain_again(program, function)
    for site in program.colours.unreached():
        yield _left(site)
    for site in program.colours.sites():
        if site.kind == "thread maker":
            yield _maker(program, site)
    for function in program.colours.reasons:
        yield from _decorators(program, function)
    yield from _what_goes(program, awaited)


def _nested_loops(program: Program) -> Iterator[tuple[Function, ast.Expr]]:
    """`nest_asyncio.apply()`, which lets a loop run inside of another."""
    for function in program.functions:
        for node in function.own_nodes():
            if isinstance(node, ast.Expr) and "nest_asyncio.apply" in called(program, node.value):
                yield function, node


def _nesting(found: tuple[Function, ast.Expr]) -> Decision:
    function, node = found
    source = function.source
    data = {"kind": "delete", "gone": [span_of(source, node)]}
    return Decision(
        NAME, source.site(node), "no loop runs inside of another", function=function.qualname, data=data, node=node
    )


def _stays_sync(program: Program, function: Function, done: set[ast.Call]) -> str:
    """Why the decorator has to stay that makes a function sync."""
    awaited = {node.func for node in done}
    uses = uses_of(program, function)
    left = [s.site(n) for s, n in uses.reads if n not in awaited] + uses.others
    if left or len(function.decorators) > 1:
        return f"{function.name} is made sync by its decorator, which {left[0] if left else 'another one'} needs"
    return ""


def _plain_again(program: Program, function: Function) -> Decision:
    """The decorator goes that made a function sync."""
    decorator = program.bridges.decorator(function)
    assert decorator is not None
    site = function.source.site(decorator)
    action = "no bridge, all who call the function await it"
    return Decision(NAME, site, action, function=function.qualname, data={"kind": "decorator"}, node=decorator)


def _decorators(program: Program, function: Function) -> Iterator[Decision]:
    """`@sync_to_async` on a function that is async now."""
    for decorator in function.decorators:
        made = decorator.func if isinstance(decorator, ast.Call) else decorator
        if any((k := known(v)) is not None and k.calls == MAKER for v in program.values(made)):
            site = function.source.site(decorator)
            action, why = "no thread, the function is async", program.colours.chain(function)
            data = {"kind": "decorator"}
            yield Decision(NAME, site, action, why=why, function=function.qualname, data=data, node=decorator)


def _what_goes(program: Program, awaited: list[Run]) -> Iterator[Decision]:
    """The decisions on what only served the bridges."""
    done = {run.node for run in awaited}
    gone: list[tuple[Source, ast.AST]] = []
    for function in dict.fromkeys([*(run.function for run in awaited), *program.colours.reasons]):
        found = plumbing(program, function, done)
        if found:
            yield _plumbing(function, found)
            gone.extend((function.source, node) for node in found.nodes())
        yield from (_unanswered(function, node) for node in found.unanswered)
    decorators = [program.bridges.decorator(run.made) for run in awaited if run.made]
    used = [run.bridge for run in awaited if run.bridge] + [
        b for d in decorators if d for b in program.bridges.behind(d)
    ]
    for bridge in dict.fromkeys(used):
        decision = _helper(program, bridge, uses_of(program, bridge.function), done, decorators)
        yield decision
        if decision.status is Status.DONE:
            gone.append((bridge.function.source, bridge.function.node))
    if done and done >= set(program.bridges.sites):
        yield from map(_nesting, _nested_loops(program))
    for source, statement in orphans(program, gone, partial(serves_bridges, program)):
        data = {"kind": "delete", "gone": [span_of(source, statement)]}
        action = "delete it, only the bridges used it"
        yield Decision(NAME, source.site(statement), action, data=data, node=statement)


def _awaiting(program: Program, site: AsyncSite, run: Run, problem: str) -> Decision:
    source = site.function.source
    concern = problem
    if run.lost:
        lost = ", ".join(source.text(a) for a in run.lost)
        concern = f"what the bridge was told besides ({lost}) is not carried over"
    return Decision(
        NAME,
        source.site(site.node),
        "await instead of running it to its end",
        Status.DECLINED if problem else Status.DONE,
        Confidence.MEDIUM if concern else Confidence.HIGH,
        concern,
        program.colours.site_chain(site),
        site.function.qualname,
        {"kind": "await"},
        site.node,
    )


def _left(site: AsyncSite) -> Decision:
    return Decision(
        NAME,
        site.function.source.site(site.node),
        f"left as it is: {site.what}",
        Status.DECLINED,
        Confidence.LOW,
        f"{site.function.qualname} is handed on by code that async code reaches; what calls it is not known",
        (site.step(),),
        site.function.qualname,
        {},
        site.node,
    )


def _maker(program: Program, site: AsyncSite) -> Decision:
    source = site.function.source
    return Decision(
        NAME,
        source.site(site.node),
        "no thread, the function is async",
        why=program.colours.site_chain(site),
        function=site.function.qualname,
        data={"kind": "maker"},
        node=site.node,
    )


def _plumbing(function: Function, found: Plumbing) -> Decision:
    return Decision(
        NAME,
        function.site(),
        "take out what asked for, made or closed an event loop",
        Status.DECLINED if found.problem else Status.DONE,
        Confidence.MEDIUM,
        found.problem,
        function=function.qualname,
        data={} if found.problem else {"kind": "plumbing", "gone": gone_spans(function.source, found)},
        node=function.node,
    )


def _unanswered(function: Function, node: ast.AST) -> Decision:
    """A question whether a loop runs, in code that sync callers reached so far."""
    assert isinstance(node, ast.expr | ast.stmt)
    return Decision(
        NAME,
        function.source.site(node),
        "left as it is: asks whether an event loop runs",
        Status.DECLINED,
        Confidence.MEDIUM,
        "from now on one does: the other way is not taken any more",
        function=function.qualname,
        node=node,
    )


def _helper(
    program: Program, bridge: Bridge, uses: Uses, done: set[ast.Call], decorators: list[ast.expr | None]
) -> Decision:
    function = bridge.function
    assert isinstance(function.node, ast.FunctionDef)
    source = function.source
    known_uses: set[ast.AST] = {run.func for node in done for run in (node, node.func) if isinstance(run, ast.Call)}
    known_uses.update(n for d in decorators if d for n in ast.walk(d))
    left = [s.site(n) for s, n in uses.reads if n not in known_uses] + uses.others
    decision = Decision(NAME, source.site(function.node), "", function=function.qualname, node=function.node)
    if left:
        return replace(decision, action="keep the bridge", status=Status.KEPT, concern=f"still used at {left[0]}")
    span = span_of(source, function.node)
    data = {"kind": "delete", "gone": [span]}
    return replace(decision, action="delete the bridge, nothing uses it any more", data=data)


def rewrite(decision: Decision, program: Program) -> Iterator[Edit]:
    """The edits of one place, of what stood around it, or of a helper that goes."""
    source = program.sources[decision.site.path]
    node = decision.node
    match decision.data["kind"], node:
        case "delete", ast.stmt():
            yield from without(source, node)
        case "plumbing", ast.FunctionDef():
            function = program.interpreter.by_node[node]
            done = {s.node for s in program.colours.sites_of(function) if isinstance(s.node, ast.Call)}
            yield from edits(source, plumbing(program, function, done & set(program.bridges.sites)))
        case "maker", ast.Call():
            yield from instead(source, node, node.args[0])
        case "decorator", ast.expr():
            yield lines_removed(source, node.lineno, node.end_lineno or node.lineno, is_first=True)
        case "await", ast.Call():
            yield from _await(program, source, program.bridges.sites[node])


def _await(program: Program, source: Source, run: Run) -> Iterator[Edit]:
    if not run.function.is_lambda:  # a lambda hands the coroutine on
        yield from wrap_await(source, run.node)
    if run.made:
        return
    if run.calls and isinstance(run.node.func, ast.Call) and run.subject in run.node.func.args:
        yield from instead(source, run.node.func, run.subject)
    elif run.calls:
        yield from call_directly(program, source, run.node, run.subject, run.arguments)
    elif run.timeout is not None:
        yield from _wait(source, run.node, run.subject, run.timeout)
    else:
        yield from instead(source, run.node, run.subject)


def _wait(source: Source, node: ast.Call, subject: ast.expr, timeout: ast.expr) -> Iterator[Edit]:
    """`asyncio.wait_for(subject, timeout)`."""
    module, wanted = request(source, "asyncio", None, at=node)
    if wanted:
        yield wanted
    start, end = source.span(node)
    first, last = source.span(subject)
    yield Replace(start, first, f"{module}.wait_for(")
    yield Replace(last, end, f", {source.text(timeout)})")
