"""What is awaited is not awaitable.

`await` on what a sync function returns raises TypeError, once that line runs. Take the `await` away, or make the
function async if it has a reason to be.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator

from ...analysis.calling import runs_on_loop
from ...analysis.program import Program
from ...analysis.symbols import Function
from ...analysis.values import FunctionObject, Instance, Many, Row, Table, Text, Value
from ..finding import Finding, Step, finding
from ..rule import Example

CODE = "AS204"
NAME = "await-on-a-value"

EXAMPLES = (
    Example(
        bad="""\
def shout(text: str) -> list[str]:
    return text.upper().split()


async def show(text: str) -> list[str]:
    return await shout(text)  # AS204
""",
        good="""\
def shout(text: str) -> list[str]:
    return text.upper().split()


async def show(text: str) -> list[str]:
    return shout(text)
""",
    ),
)


def find(program: Program) -> Iterator[Finding]:
    for function in program.functions:
        for node in function.own_nodes():
            match node:
                case ast.Await(value=ast.Call() as call):
                    callee = _sync_callee(program, call)
                    if callee is not None:
                        site = callee.site()
                        message = f"{callee.qualname} is sync and gives a value: take the await away"
                        step = Step(site.path, site.line, f"{callee.qualname} is sync")
                        yield finding(function.source, call, CODE, message, [step])


def _sync_callee(program: Program, node: ast.Call) -> Function | None:
    """The sync function that a call reaches, and nothing else, if what it gives is surely a plain value."""
    name = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
    functions: list[Function] = []
    for value in program.values(node.func):
        if not isinstance(value, FunctionObject) or value.wrappers:
            return None
        functions.append(program.function(value.key))
        if functions[-1].name != name:
            return None  # a variable: what else it can hold is not known
        if isinstance(value.receiver, Instance):
            functions.extend(program.alternatives(value.receiver.cls, functions[-1].name))
    if not functions or not all(_gives_a_value(program, f) for f in functions):
        return None
    return functions[0]


def _gives_a_value(program: Program, function: Function) -> bool:
    if runs_on_loop(program, function) or function.is_generator or function.decorators or function.is_stub:
        return False
    returned = program.interpreter.store.peek("return", function.key)
    returns = [n for n in function.own_nodes() if isinstance(n, ast.Return) and n.value is not None]
    if not returns:
        return not function.is_lambda
    return bool(returned) and all(_is_plain(program, v) for v in returned)


def _is_plain(program: Program, value: Value) -> bool:
    match value:
        case Instance(cls=cls):
            return program.mapped(cls) is not None
        case Many() | Row() | Table() | Text():
            return True
    return False
