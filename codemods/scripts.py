"""The body of a script moves into `main()`, which can await.

db = SessionLocal()                    async def main():
for user in db.query(User):                db = SessionLocal()
    print(user.name)           ->          for user in await db.scalars(select(User)):
                                               print(user.name)


                                       asyncio.run(main())

What stands under `if __name__ == "__main__":` stays where it is, under the name of the function.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator, Sequence

from ..analysis.decisions import Decision
from ..analysis.program import Program
from ..analysis.scripts import Script
from ..analysis.source import Source
from .edit import Edit, Replace
from .imports import request
from .indenting import INDENT, first_comment, indent
from .top_level import blank_lines, returns_none

NAME = "scripts"


def decide(program: Program) -> Iterator[Decision]:
    """One decision for each script."""
    for module, script in program.colours.scripts.items():
        yield Decision(
            NAME,
            module.source.site(script.body[0]),
            f"move the script's body into {script.name}()",
            why=program.colours.site_chain(program.colours.sites_of(module)[0]),
            node=script.body[0],
        )


def rewrite(decision: Decision, program: Program) -> Iterator[Edit]:
    """Put the statements into a function, and run it where they stood."""
    source = program.sources[decision.site.path]
    script = program.colours.scripts[program.function(f"{source.path}::")]
    run, wanted = request(source, "asyncio")
    if wanted:
        yield wanted
    head = f"async def {script.name}(){returns_none(source)}:"
    shared = f"\n{INDENT}global {', '.join(script.globals)}" if script.globals else ""
    called = f"{run}.run({script.name}())"
    if script.guard and script.body[0] is script.guard.body[0]:
        yield from _guarded(source, script, script.guard, head + shared, called)
    else:
        yield from _indented(source, script, head + shared, called)


def _guarded(source: Source, script: Script, guard: ast.If, head: str, called: str) -> Iterator[Edit]:
    """The guard's line becomes the function's, and a guard with the call stands behind."""
    start, colon = source.span(guard)[0], source.content.index(b":", source.span(guard.test)[1])
    test = source.content[start:colon].decode()
    yield Replace(start, colon + 1, head)
    yield _behind(source, script.body, f"\n\n{test}:\n{INDENT}{called}\n")


def _indented(source: Source, script: Script, head: str, called: str) -> Iterator[Edit]:
    """The statements move in, in a function that is made where they stood."""
    body = script.body
    outer = source.indentation(body[0])
    begins = first_comment(source, body[0], _end_before(source, body[0]))
    above = source.offset(begins, 0) - 1
    gap = "" if outer else blank_lines(source, begins)
    lines = "".join(f"\n{outer}{line}" for line in head.splitlines())
    yield Replace(above, above, f"{gap}{lines}")
    yield from indent(source, body, first=begins)
    yield _behind(source, body, f"\n{outer}{called}\n" if outer else f"\n\n{called}\n")


def _end_before(source: Source, statement: ast.stmt) -> int:
    """The last line of what stands in front of a statement."""
    parent = source.parents[statement]
    block = getattr(parent, "body", [])
    index = block.index(statement)
    return block[index - 1].end_lineno if index else getattr(parent, "lineno", 0)


def _behind(source: Source, body: Sequence[ast.stmt], text: str) -> Replace:
    """The edit that puts whole lines behind the last statement."""
    last = body[-1].end_lineno or 0
    if source.content.find(b"\n", source.offset(last, 0)) >= 0:
        at = source.offset(last + 1, 0)
        return Replace(at, at, text)
    at = len(source.content)
    return Replace(at, at, f"\n{text.rstrip()}", moves=False)
