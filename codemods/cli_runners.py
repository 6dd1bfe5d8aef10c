"""A command that runs its own event loop is invoked in a thread, where the test that invokes it runs on one.

result = runner.invoke(cli, ["seed"])   ->   result = await asyncio.to_thread(runner.invoke, cli, ["seed"])
"""

from __future__ import annotations

import ast
from collections.abc import Iterator

from ..analysis.decisions import Confidence, Decision
from ..analysis.program import Program
from ..analysis.values import External
from .edit import Edit
from .in_a_thread import in_a_thread

NAME = "cli-runners"
INVOKE = "click.testing.CliRunner.invoke"
IN_A_THREAD = "the command runs on an event loop of its own there: connections must not be pooled for both"


def decide(program: Program) -> Iterator[Decision]:
    """A decision for each command invoked in a function that runs on a loop, where commands start one."""
    if not program.colours.entries:
        return
    for source in program.sources.values():
        if source.path in program.kept or b".invoke(" not in source.content:
            continue
        for node in source.nodes:
            if isinstance(node, ast.Call) and _invokes(program, node):
                function = program.function_at(source, node)
                if function is not None and program.colours.is_async(function):
                    yield Decision(
                        NAME,
                        source.site(node),
                        "invoke the command in a thread",
                        confidence=Confidence.MEDIUM,
                        concern=IN_A_THREAD,
                        function=function.qualname,
                        node=node,
                    )


def _invokes(program: Program, node: ast.Call) -> bool:
    return any(isinstance(v, External) and v.name == INVOKE for v in program.values(node.func))


def rewrite(decision: Decision, program: Program) -> Iterator[Edit]:
    """Hand the bound method over, and its arguments behind it."""
    assert isinstance(decision.node, ast.Call)
    yield from in_a_thread(program.sources[decision.site.path], decision.node)
