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
from ..analysis.source import Source
from ..analysis.symbols import Function
from .edit import Edit, Indent, Replace, Wrap
from .entry_bodies import beside
from .import_sessions import factory_behind
from .imports import request
from .indenting import first_comment, indent, line_text, step
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
        yield from beside(source, node, run) if decision.data["split"] else _inner(source, node, run)
    else:
        assert isinstance(node, ast.expr)
        yield Wrap(*source.span(node), f"{run}.run(", ")")


def _inner(source: Source, node: ast.FunctionDef, module: str) -> Iterator[Edit]:
    body = node.body[1:] if ast.get_docstring(node) is not None else node.body
    if not body:
        return
    taken = {n.id for n in ast.walk(node) if isinstance(n, ast.Name)} | {
        a.arg for a in ast.walk(node) if isinstance(a, ast.arg)
    }
    name = next(n for n in ("run", f"run_{node.name}", "run_on_loop") if n not in taken)
    # What the body assigns to would be a local of the inner function: such parameters are passed on.
    assigned = {n.id for n in ast.walk(node) if isinstance(n, ast.Name) and isinstance(n.ctx, ast.Store)}
    arguments = [n.arg for n in ast.walk(node.args) if isinstance(n, ast.arg)]
    passed = ", ".join(a for a in arguments if a in assigned)
    returns = f" -> {source.text(node.returns)}" if node.returns else ""
    keyword = "return " if not (isinstance(node.returns, ast.Constant) and node.returns.value is None) else ""
    define, run = f"async def {name}({passed}){returns}:", f"{keyword}{module}.run({name}({passed}))"
    if line_text(source, body[0].lineno)[: body[0].col_offset].strip():
        yield from _on_lines_of_their_own(source, node, body, define, run)
        return
    outer, more = source.indentation(body[0]), step(source, node, body)
    begins = first_comment(source, body[0], (node.body[0].end_lineno or 0) if body is not node.body else node.lineno)
    first = source.offset(begins, 0)
    yield Replace(first, first, f"{outer}{define}\n")
    for edit in indent(source, body, more, begins):
        # The first line's white space goes behind the new `def`.
        yield Indent(first + len(outer), edit.text, edit.statement) if edit.start == first else edit
    last = body[-1].end_lineno or 0
    if source.content.find(b"\n", source.offset(last, 0)) >= 0:
        behind = source.offset(last + 1, 0)
        yield Replace(behind, behind, f"\n{outer}{run}\n")
    else:
        # Text that is put on a line moves in with that line.
        behind = len(source.content)
        yield Replace(behind, behind, f"\n\n{outer.removesuffix(more)}{run}\n")


def _on_lines_of_their_own(
    source: Source, node: ast.FunctionDef, body: list[ast.stmt], define: str, run: str
) -> Iterator[Edit]:
    """`def f(): body` -> a body on lines below."""
    outer = source.indentation(node) + step(source, node, body)
    start, end = source.span(body[0])[0], source.span(body[-1])[1]
    colon = source.content.rindex(b":", 0, start) + 1
    yield Replace(colon, start, f"\n{outer}{define} ")
    yield Replace(end, end, f"\n\n{outer}{run}")
