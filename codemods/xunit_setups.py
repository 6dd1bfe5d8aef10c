"""`setup_method` and its like become fixtures where they await: pytest does not await them by their names.

def setup_method(self):                  @pytest.fixture(autouse=True)
    self.user = add_user(self.db)  ->    async def setup_method(self):
                                             self.user = await add_user(self.db)
"""

from __future__ import annotations

import ast
from collections.abc import Iterator

from ..analysis.decisions import Decision
from ..analysis.program import Program
from ..analysis.source import Source
from ..analysis.xunit import fixture_scope_of
from .edit import Edit, Replace
from .imports import request
from .pytest_mode import runs_strict, settings

NAME = "xunit-setups"


def decide(program: Program) -> Iterator[Decision]:
    """A decision for each setup or teardown function that becomes async."""
    # What is async already has never been awaited either.
    already = [f for f in program.functions if f.is_async and program.colours.reasons]
    for function in [*program.colours.reasons, *already]:
        scope = fixture_scope_of(program, function)
        if scope:
            yield Decision(
                NAME, function.site(), "make it a fixture, which is awaited", why=program.colours.chain(function),
                function=function.qualname, data={"scope": scope}, node=function.node,
            )  # fmt: skip


def rewrite(decision: Decision, program: Program) -> Iterator[Edit]:
    """The decorator, and the `yield` in front of what a teardown does."""
    source = program.sources[decision.site.path]
    node = decision.node
    assert isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
    loop = settings(program).named_loop
    module = "pytest_asyncio" if loop or runs_strict(program) else "pytest"
    text, wanted = request(source, module, None, at=node)
    scope = decision.data["scope"]
    arguments = "autouse=True" if scope == "function" else f'scope="{scope}", autouse=True'
    arguments += f', loop_scope="{loop}"' if loop else ""
    start = source.offset(node.lineno, 0)
    yield Replace(start, start, f"{source.indentation(node)}@{text}.fixture({arguments})\n")
    if wanted:
        yield wanted
    if node.name.startswith("teardown"):
        yield from _yielding(source, node)


def _yielding(source: Source, node: ast.FunctionDef | ast.AsyncFunctionDef) -> Iterator[Edit]:
    first = node.body[1] if ast.get_docstring(node) is not None and len(node.body) > 1 else node.body[0]
    if first.lineno == node.lineno:
        start = source.span(first)[0]
        yield Replace(start, start, "yield; ")
    else:
        start = source.offset(min(n.lineno for n in (first, *getattr(first, "decorator_list", ()))), 0)
        yield Replace(start, start, f"{source.indentation(first)}yield\n")
