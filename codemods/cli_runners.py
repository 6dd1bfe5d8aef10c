"""A command that runs its own event loop is invoked in a thread, where who invokes it runs on one: a test, or another.

result = runner.invoke(cli, ["seed"])   ->   result = await asyncio.to_thread(runner.invoke, cli, ["seed"])
context.invoke(show, name="ada")        ->   await asyncio.to_thread(context.invoke, show, name="ada")
"""

from __future__ import annotations

import ast
from collections.abc import Iterator

from ..analysis.decisions import Confidence, Decision
from ..analysis.program import Program
from ..analysis.symbols import Function
from ..analysis.values import External, FunctionObject
from .edit import Edit
from .in_a_thread import in_a_thread

NAME = "cli-runners"
METHODS = ("invoke", "forward")
INVOKE = "click.testing.CliRunner.invoke"
IN_A_THREAD = "the command runs on an event loop of its own there: connections must not be pooled for both"


def decide(program: Program) -> Iterator[Decision]:
    """A decision for each command invoked in a function that runs on a loop, where commands start one."""
    if not program.colours.entries:
        return
    for source in program.sources.values():
        if source.path in program.kept or not any(f".{name}(".encode() in source.content for name in METHODS):
            continue
        for node in source.nodes:
            if isinstance(node, ast.Call) and _invokes(program, node):
                function = program.function_at(source, node)
                if function is not None and _runs_on_loop(program, function):
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
    match node.func:
        case ast.Attribute(attr=name) if name in METHODS and node.args:
            is_runner = any(isinstance(v, External) and v.name == INVOKE for v in program.values(node.func))
            return is_runner or _is_entry(program, node.args[0])
    return False


def _is_entry(program: Program, node: ast.expr) -> bool:
    """Is it a command that starts a loop, which the context of another one is to invoke?"""
    commands = [program.function(v.key) for v in program.values(node) if isinstance(v, FunctionObject)]
    return any(_runs_on_loop(program, f) and f in program.colours.entries for f in commands)


def _runs_on_loop(program: Program, function: Function) -> bool:
    """Is a function async, or does it run its body on a loop?"""
    colours = program.colours
    return colours.is_async(function) or (function in colours.entries and bool(colours.sites_of(function)))


def rewrite(decision: Decision, program: Program) -> Iterator[Edit]:
    """Hand the bound method over, and its arguments behind it."""
    assert isinstance(decision.node, ast.Call)
    yield from in_a_thread(program.sources[decision.site.path], decision.node)
