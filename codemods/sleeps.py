"""`time.sleep` in what is async now becomes `await asyncio.sleep`.

for attempt in range(3):              for attempt in range(3):
    try:                                  try:
        return load(db)        ->             return await load(db)
    except OperationalError:              except OperationalError:
        time.sleep(1)                         await asyncio.sleep(1)

Where tests put a function of their own in the place of `time.sleep`, it is that which is called, in a thread.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator

from ..analysis.decisions import Decision
from ..analysis.mocks import Patch
from ..analysis.program import Program
from ..analysis.sleeps import follows, is_written_out, sleep_patches
from ..analysis.source import Source
from ..analysis.values import External, ModuleObject
from .awaiting import wrap_await
from .carried import Work, carried, decided
from .edit import Edit, Replace
from .imports import request
from .in_a_thread import in_a_thread

NAME = "sleeps"


def decide(program: Program) -> Iterator[Decision]:
    """A decision for each call, and for each patch of one."""
    sites = [s for s in program.colours.sites() if s.kind == "sleep" and program.is_async_after(s.function)]
    patches = sleep_patches(program) if sites else []
    stays = not all(map(follows, patches)) or len(sites) < sum(map(len, program.colours.sleeps.calls.values()))
    for site in sites:
        assert isinstance(site.node, ast.Call)
        in_thread = (stays and bool(patches)) or not is_written_out(program, site.function, site.node)
        edits = list((in_a_thread if in_thread else _on_the_loop)(site.function.source, site.node))
        action = "sleep in a thread" if in_thread else "sleep on the loop"
        work = Work(site.function.source, site.node, action, edits)
        yield decided(program, NAME, work, program.colours.site_chain(site))
    if not stays:
        for patch in patches:
            yield from _patched(program, patch)


def _on_the_loop(source: Source, node: ast.Call) -> Iterator[Edit]:
    text, wanted = request(source, "asyncio", at=node)
    yield Replace(*source.span(node.func), f"{text}.sleep")
    yield from wrap_await(source, node)
    if wanted:
        yield wanted


def _patched(program: Program, patch: Patch) -> Iterator[Decision]:
    """`patch("app.jobs.time.sleep")` -> `patch("app.jobs.asyncio.sleep")`"""
    assert isinstance(patch.node, ast.Call)
    target = patch.node.args[0]
    assert isinstance(target, ast.Constant)
    assert isinstance(target.value, str)
    module = target.value.removesuffix(".sleep")
    match patch.owner:
        case External():
            module = f"{module.removesuffix('time')}asyncio" if module.endswith("time") else module
        case ModuleObject(path=path):
            module = f"{module}.{request(program.sources[path], 'asyncio')[0]}"
    for source in program.sources.values():
        if target in source.parents:
            start, end = source.span(target)
            edits: list[Edit] = [Replace(start + 1, end - 1, f"{module}.sleep")]
            yield decided(program, NAME, Work(source, target, "patch it where it is now", edits))


def rewrite(decision: Decision, program: Program) -> Iterator[Edit]:
    """The edits that were worked out when the decision was made."""
    yield from carried(decision)
