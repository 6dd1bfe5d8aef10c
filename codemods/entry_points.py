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
"""

from __future__ import annotations

import ast
from collections.abc import Iterator

from ..analysis.boundaries import Boundary
from ..analysis.colours import AsyncSite
from ..analysis.decisions import Confidence, Decision, Status
from ..analysis.program import Program
from ..analysis.source import Source
from ..analysis.symbols import Function
from .edit import Edit, Indent, Replace, Wrap
from .imports import request
from .indenting import first_line, indent, line_text, step

NAME = "entry-points"
OWN_SITES = {"schema", "query", "load"}
LOOPS = (
    "each call runs on an event loop of its own: an engine with a pool, shared with other loops, must be disposed in it"
)


def decide(program: Program) -> Iterator[Decision]:
    """One decision for each function that is run on a loop, and for each call that can't be awaited where it stands."""
    entries = program.colours.entries
    for function, boundary in program.colours.boundaries.items():
        sites = program.colours.sites_of(function)
        if function in entries and isinstance(function.node, ast.FunctionDef) and sites:
            yield _entry(program, function, boundary, sites[0])
            continue
        for site in sites:
            if site.kind not in OWN_SITES:
                yield _call(program, function, boundary, site)


def _entry(program: Program, function: Function, boundary: Boundary, site: AsyncSite) -> Decision:
    assert isinstance(function.node, ast.FunctionDef)
    last = function.node.body[-1]
    ends_with_line = function.source.content[function.source.span(last)[1] :].partition(b"#")[0] != b""
    understood = ends_with_line and not function.is_generator and last.lineno != function.node.lineno
    return Decision(
        NAME,
        function.site(),
        "run its body with asyncio.run",
        Status.DONE if understood else Status.DECLINED,
        Confidence.MEDIUM,
        f"{boundary.why}; {LOOPS}",
        program.colours.site_chain(site),
        function.qualname,
        {"entry": True},
        function.node,
    )


def _call(program: Program, function: Function, boundary: Boundary, site: AsyncSite) -> Decision:
    source = function.source
    runs = boundary.kind == "module" and site.kind == "await" and site.callee is not None
    return Decision(
        NAME,
        source.site(site.node),
        "run it with asyncio.run" if runs else f"left as it is: {site.what}",
        Status.DONE if runs else Status.DECLINED,
        Confidence.HIGH if runs else Confidence.LOW,
        "" if runs else f"{function.qualname or source.path} stays sync: {boundary.why}",
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
        yield from _inner(source, node, run)
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
    outer = source.indentation(body[0])
    assert body[-1].end_lineno is not None
    first, last = source.offset(first_line(body[0]), 0), body[-1].end_lineno
    behind = source.offset(last, 0) + len(line_text(source, last).rstrip(b"\r"))
    yield Replace(first, first, f"{outer}async def {name}({passed}){returns}:\n")
    yield from _shifted(source, body, step(source, node, body))
    keyword = "return " if not (isinstance(node.returns, ast.Constant) and node.returns.value is None) else ""
    yield Replace(behind, behind, f"\n\n{outer}{keyword}{module}.run({name}({passed}))")


def _shifted(source: Source, body: list[ast.stmt], more: str) -> Iterator[Edit]:
    """The body moved in; its first line's white space goes behind the new `def`."""
    first = source.offset(first_line(body[0]), 0)
    for edit in indent(source, body, more):
        yield Indent(first + body[0].col_offset, edit.text, edit.statement) if edit.start == first else edit
