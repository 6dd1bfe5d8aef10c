"""Questions whether an event loop runs, and what the answer is where none does."""

from __future__ import annotations

import ast
from collections.abc import Collection

from ..analysis.program import Program
from ..analysis.symbols import Function, dotted
from ..analysis.values import External, FunctionObject, Instance, Value

LOOP = "asyncio.AbstractEventLoop"
NO_LOOP = {"RuntimeError", "Exception", "BaseException"}
UNKNOWN = object()
MADE = object()  # an event loop that does not run


class Answers:
    """What is known of a function's names and conditions, on the way through it that sync code without a loop takes."""

    def __init__(self, program: Program) -> None:
        self._program = program
        self.known: dict[str, object] = {}
        # Names that hold an answer, or a loop: only these decide conditions.
        self.telling: set[str] = set()

    def truth(self, node: ast.expr) -> object:
        """What a condition comes to; UNKNOWN when that is not told by whether a loop runs."""
        value = self._value(node)
        return value if value is UNKNOWN else value is MADE or bool(value)

    def _value(self, node: ast.expr) -> object:
        match node:
            case ast.Constant(value=value):
                return value
            case ast.Name(id=name) if name in self.telling or self.known.get(name) is MADE:
                return self.known.get(name, UNKNOWN)
            case ast.UnaryOp(op=ast.Not(), operand=operand):
                truth = self.truth(operand)
                return truth if truth is UNKNOWN else not truth
            case ast.BoolOp(op=op, values=parts):
                return _either([self.truth(p) for p in parts], isinstance(op, ast.Or))
            case ast.Compare(left=left, ops=[ast.Is() | ast.Eq()], comparators=[right]):
                return self._same(left, right)
            case ast.Compare(left=left, ops=[ast.IsNot() | ast.NotEq()], comparators=[right]):
                same = self._same(left, right)
                return same if same is UNKNOWN else not same
            case ast.Call():
                return self.answer(node)
        return UNKNOWN

    def _same(self, left: ast.expr, right: ast.expr) -> object:
        one, other = self._value(left), self._value(right)
        return UNKNOWN if one is UNKNOWN or other is UNKNOWN else one is other

    def answer(self, node: ast.Call) -> object:
        """What a call answers that asks whether a loop runs."""
        match node.func:
            case ast.Attribute(value=loop, attr="is_running" | "is_closed") if self.is_loop(loop):
                return False
        for value in self.values(node.func):
            if isinstance(value, FunctionObject):
                return answer_of(self._program, self._program.function(value.key))
        return UNKNOWN

    def is_loop(self, node: ast.expr) -> bool:
        """Is this an event loop?"""
        if isinstance(node, ast.Name) and self.known.get(node.id) is MADE:
            return True
        return any(isinstance(v, Instance) and v.cls == LOOP for v in self.values(node))

    def values(self, node: ast.expr) -> Collection[Value]:
        return self._program.values(node)

    def calls(self, node: ast.expr) -> set[str]:
        """The library functions that an expression may be a call of."""
        return called(self._program, node)


def _either(truths: list[object], wanted: bool) -> object:
    if wanted in truths:
        return wanted
    return UNKNOWN if UNKNOWN in truths else not wanted


def called(program: Program, node: ast.expr) -> set[str]:
    """The library functions that an expression may be a call of."""
    if not isinstance(node, ast.Call):
        return set()
    return {v.name for v in program.values(node.func) if isinstance(v, External)}


def asking(program: Program, node: ast.Try) -> ast.ExceptHandler | None:
    """The handler that runs where there is no loop, of a `try` that begins with asking for the running loop."""
    first = node.body[0]
    value = first.value if isinstance(first, ast.Expr | ast.Assign | ast.AnnAssign | ast.Return) else None
    if value is None or "asyncio.get_running_loop" not in called(program, value) or node.finalbody:
        return None
    for handler in node.handlers:
        names = handler.type.elts if isinstance(handler.type, ast.Tuple) else [handler.type]
        if any(n is None or dotted(n) in NO_LOOP for n in names):
            return handler
    return None


def answer_of(program: Program, function: Function) -> object:
    """What a function returns where no loop runs, when asking that is all it does; else UNKNOWN."""
    if not isinstance(function.node, ast.FunctionDef):
        return UNKNOWN
    asked = False
    statements = [s for s in function.node.body if not (isinstance(s, ast.Expr) and isinstance(s.value, ast.Constant))]
    while statements:
        statement = statements.pop(0)
        match statement:
            case ast.Try() if (handler := asking(program, statement)) is not None:
                statements = [*handler.body, *statements]
                asked = True
            case ast.Return(value=ast.Constant(value=value)):
                return value if asked else UNKNOWN
            case ast.Pass():
                continue
            case _:
                return UNKNOWN
    return UNKNOWN


def questions(program: Program, function: Function) -> list[ast.AST]:
    """The places in a function that ask whether a loop runs."""
    answers = Answers(program)
    return [
        node
        for node in function.own_nodes()
        if (isinstance(node, ast.Try) and asking(program, node) is not None)
        or (isinstance(node, ast.Call) and answers.answer(node) is not UNKNOWN)
    ]
