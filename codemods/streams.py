"""Results that are asked for in parts are streamed: an AsyncSession gives parts to `async for` alone.

for user in db.scalars(select(User).execution_options(yield_per=100)):
->  async for user in await db.stream_scalars(select(User).execution_options(yield_per=100)):
"""

from __future__ import annotations

import ast
from collections.abc import Iterator

from ..analysis.async_sites import AsyncSite
from ..analysis.decisions import Decision, Status
from ..analysis.program import Program
from ..analysis.statements import IN_PARTS, options_in_parts
from ..analysis.symbols import Function
from ..analysis.values import Statement
from .awaiting import wrap_await
from .carried import Work, carried, decided
from .edit import Edit, Replace
from .running_through import async_for

NAME = "streams"
STREAMING = {"execute": "stream", "scalars": "stream_scalars"}
# Methods of a streamed result that give one again, and those that are awaited.
THROUGH = frozenset({"columns", "mappings", "scalars", "tuples", "unique", "yield_per"})
ENDING = frozenset(
    {"all", "fetchall", "fetchmany", "fetchone", "first", "one", "one_or_none", "scalar", "scalar_one",
     "scalar_one_or_none"}
)  # fmt: skip
CONCERN = "it asks for rows in parts, which an async session refuses here: run through `await {}(…)` with `async for`"


def decide(program: Program) -> Iterator[Decision]:
    """One decision for each statement that asks for its rows in parts."""
    for site in program.colours.sites():
        match site.node:
            case ast.Call(func=ast.Attribute(attr=method)) as call if site.kind == "await" and method in STREAMING:
                if site.callee is None and _in_parts(program, call) and program.colours.may_await(site.function):
                    yield decided(program, NAME, _work(site, call, STREAMING[method]), program.colours.site_chain(site))


def rewrite(decision: Decision, program: Program) -> Iterator[Edit]:
    """The edits that were worked out when the decision was made."""
    yield from carried(decision)


def _in_parts(program: Program, call: ast.Call) -> bool:
    statements = [v for argument in call.args[:1] for v in program.values(argument) if isinstance(v, Statement)]
    if any("stream_results" in statement.traits for statement in statements):
        return True
    given = next((k.value for k in call.keywords if k.arg == "execution_options"), None)
    if not isinstance(given, ast.Dict):
        return False
    items = zip(given.keys, given.values, strict=True)
    named = [ast.keyword(k.value, v) for k, v in items if isinstance(k, ast.Constant) and k.value in IN_PARTS]
    return bool(options_in_parts(named))


def _work(site: AsyncSite, call: ast.Call, name: str) -> Work:
    source = site.function.source
    work = Work(source, call, f"get the rows with {name}()")
    edits = list(_used(site.function, call))
    if edits:
        end = source.span(call.func)[1]
        assert isinstance(call.func, ast.Attribute)
        work.edits += [Replace(end - len(call.func.attr), end, name), *edits]
    else:
        work.status, work.concern = Status.DECLINED, CONCERN.format(name)
    return work


def _used(function: Function, node: ast.expr) -> Iterator[Edit]:
    """The edits around a result where it is used; none where that is not known to go."""
    source = function.source
    while True:
        attribute = source.parents[node]
        call = source.parents.get(attribute)
        if not (isinstance(attribute, ast.Attribute) and isinstance(call, ast.Call) and call.func is attribute):
            break
        node = call
        if attribute.attr in ENDING:
            yield from wrap_await(source, node)
            return
        if attribute.attr not in THROUGH:
            if attribute.attr != "partitions":
                return
            break
    match source.parents[node]:
        case ast.For(iter=iterated) | ast.comprehension(iter=iterated) if iterated is node:
            yield from async_for(source, node)
        case ast.Assign(targets=[ast.Name(id=name)]):
            yield from _used_by_name(function, name)


def _used_by_name(function: Function, name: str) -> Iterator[Edit]:
    named = [n for n in function.own_nodes() if isinstance(n, ast.Name) and n.id == name]
    uses = [list(_used(function, n)) for n in named if isinstance(n.ctx, ast.Load)]
    if len(named) == len(uses) + 1 and all(uses):
        for edits in uses:
            yield from edits
