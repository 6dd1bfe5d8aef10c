"""What stood around a coroutine that was run to its end: asking whether a loop runs, making one, closing it.

A function that awaits needs none of it. Its statements are read as sync code without a running loop went through them,
for that is the way that ran the coroutine: what lies on that way stays, the other way goes, and so does the question.
"""

from __future__ import annotations

import ast
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, field

from ..analysis.program import Program
from ..analysis.symbols import Function, dotted
from ..analysis.values import Instance
from .loop_questions import MADE, UNKNOWN, Answers, asking, questions

MAKERS = {"asyncio.new_event_loop", "asyncio.get_event_loop"}
# Methods of a loop that only look after the loop itself.
CARE = {"close", "stop", "set_debug", "shutdown_asyncgens", "shutdown_default_executor"}


@dataclass(slots=True)
class Plumbing:
    """What becomes of a function's statements: `gone` are taken out, those in `opened` leave only some of their own.

    `shortened`: of a condition, or of an `x if a else b`, only some parts are left. `unanswered` are the questions that
    stay. `problem` says why nothing is done.
    """

    gone: set[ast.stmt] = field(default_factory=set)
    opened: dict[ast.stmt, list[ast.stmt]] = field(default_factory=dict)
    shortened: dict[ast.expr, list[ast.expr]] = field(default_factory=dict)
    unanswered: list[ast.AST] = field(default_factory=list)
    problem: str = ""

    def __bool__(self) -> bool:
        return bool(self.gone or self.opened or self.shortened or self.problem)

    def dropped(self) -> Iterator[ast.stmt]:
        """The statements that go, those that were opened not among them."""
        yield from self.gone
        for node, kept in self.opened.items():
            yield from (s for s in children_of(node) if s not in kept)

    def nodes(self) -> Iterator[ast.AST]:
        """All that goes, conditions among it."""
        yield from self.dropped()
        yield from (node.test for node in self.opened if isinstance(node, ast.If))
        for node, kept in self.shortened.items():
            yield from (part for part in ast.iter_child_nodes(node) if part not in kept)


def plumbing(program: Program, function: Function, awaited: Collection[ast.Call]) -> Plumbing:
    """What goes from a function in which the calls `awaited` become `await`."""
    if not isinstance(function.node, ast.FunctionDef):
        return Plumbing()
    reader = _Reader(program, function, awaited)
    reader.block(function.node.body)
    return reader.result()


class _Reader:
    """Goes through a function's statements as sync code does where no loop runs."""

    def __init__(self, program: Program, function: Function, awaited: Collection[ast.Call]) -> None:
        self._program = program
        self._function = function
        self._awaited = awaited
        self._answers = Answers(program)
        # The statements that bind names: to answers and constants, to loops.
        self._constants: dict[str, list[ast.stmt]] = {}
        self._loops: dict[str, list[ast.stmt]] = {}
        self._care: list[tuple[str, ast.stmt]] = []
        self._plumbing = Plumbing()

    # Statements

    def block(self, statements: Sequence[ast.stmt]) -> bool:
        """Read statements; is the end reached?"""
        for position, statement in enumerate(statements):
            if not self._statement(statement):
                self._plumbing.gone.update(statements[position + 1 :])
                return False
        return True

    def _statement(self, node: ast.stmt) -> bool:
        self._shorten(node)
        match node:
            case ast.Try() if (handler := asking(self._program, node)) is not None:
                return self._answered(node, handler)
            case ast.Try():
                return self._try(node)
            case ast.If():
                return self._if(node)
            case (
                ast.Assign(targets=[ast.Name(id=name)], value=value)
                | ast.AnnAssign(target=ast.Name(id=name), value=value)
            ) if value:
                self._bind(node, name, value)
            case ast.Expr(value=ast.Call() as call) if (cared := self._cares_for(call)) is not None:
                self._care.append((cared, node))
            case ast.While(body=body, orelse=orelse) | ast.For(body=body, orelse=orelse):
                self._forget(node)
                self.block(body)
                self.block(orelse)
                self._forget(node)
            case ast.With(body=body):
                return self._with(node, body)
            case ast.Return() | ast.Raise() | ast.Continue() | ast.Break():
                return False
            case _:
                self._forget(node)
        return True

    def _bind(self, node: ast.stmt, name: str, value: ast.expr) -> None:
        self._answers.known.pop(name, None)
        if isinstance(value, ast.Constant):
            self._answers.known[name] = value.value
            self._constants.setdefault(name, []).append(node)
        elif self._answers.calls(value) & MAKERS:
            self._answers.known[name] = MADE
            self._loops.setdefault(name, []).append(node)

    def _forget(self, node: ast.AST) -> None:
        """Names that a statement may bind are not known any more."""
        for inner in ast.walk(node):
            if isinstance(inner, ast.Name) and not isinstance(inner.ctx, ast.Load):
                self._answers.known.pop(inner.id, None)

    def _if(self, node: ast.If) -> bool:
        value = self._answers.truth(node.test)
        if value is not UNKNOWN:
            kept = node.body if value else node.orelse
            self._plumbing.opened[node] = kept
            return self.block(kept)
        before = dict(self._answers.known)
        ends = []
        for branch in (node.body, node.orelse):
            self._answers.known = dict(before)
            if self.block(branch):
                ends.append(self._answers.known)
        self._answers.known = _common(ends)
        return bool(ends)

    def _try(self, node: ast.Try) -> bool:
        before = dict(self._answers.known)
        ends = [self._answers.known] if self.block([*node.body, *node.orelse]) else []
        for handler in node.handlers:
            self._answers.known = dict(before)
            if self.block(handler.body):
                ends.append(self._answers.known)
        self._answers.known = _common(ends)
        if self._runs_again(node):
            self._plumbing.opened[node] = [*node.body, *node.orelse]
        return self.block(node.finalbody) and bool(ends)

    def _with(self, node: ast.With, body: list[ast.stmt]) -> bool:
        item = node.items[0]
        makes_runner = any(
            isinstance(v, Instance) and v.cls == "asyncio.Runner" for v in self._answers.values(item.context_expr)
        )
        if makes_runner and len(node.items) == 1 and isinstance(item.optional_vars, ast.Name):
            self._answers.known[item.optional_vars.id] = MADE
            self._loops.setdefault(item.optional_vars.id, [])
            self._plumbing.opened[node] = body
        return self.block(body)

    # Questions

    def _answered(self, node: ast.Try, handler: ast.ExceptHandler) -> bool:
        kept = []
        for statement in node.body:
            for inner in ast.walk(statement):
                if isinstance(inner, ast.Name) and isinstance(inner.ctx, ast.Store):
                    self._answers.telling.add(inner.id)
        for statement in handler.body:
            match statement:
                case ast.Assign(targets=[ast.Name(id=name)], value=ast.Constant(value=value)):
                    self._answers.telling.add(name)
                    self._answers.known[name] = value
                case ast.Pass():
                    pass
                case _:
                    kept.append(statement)
        self._plumbing.opened[node] = kept
        return self.block(kept)

    def _shorten(self, node: ast.stmt) -> None:
        """Decide the conditions inside of a statement, and the parts of those that can't be decided as a whole."""
        for inner in _expressions(node):
            if not isinstance(inner, ast.IfExp | ast.If | ast.While):
                continue
            truth = self._answers.truth(inner.test)
            if isinstance(inner, ast.IfExp) and truth is not UNKNOWN:
                self._plumbing.shortened[inner] = [inner.body if truth else inner.orelse]
            elif isinstance(inner.test, ast.BoolOp) and truth is UNKNOWN:
                left = [part for part in inner.test.values if self._answers.truth(part) is UNKNOWN]
                if len(left) < len(inner.test.values):
                    self._plumbing.shortened[inner.test] = left

    # Loops

    def _cares_for(self, call: ast.Call) -> str | None:
        """The name of the loop that a call looks after; "" for no loop at all."""
        inner = call.args[0] if call in self._awaited and call.args and isinstance(call.args[0], ast.Call) else call
        match inner:
            case ast.Call(func=ast.Attribute(value=ast.Name(id=name), attr=method)) if method in CARE:
                return name if self._answers.is_loop(inner.func.value) else None  # type: ignore[attr-defined]
            case ast.Call(args=[ast.Name(id=name)]) if "asyncio.set_event_loop" in self._answers.calls(inner):
                return name
            case ast.Call(args=[ast.Constant(value=None)]) if "asyncio.set_event_loop" in self._answers.calls(inner):
                return ""
        return None

    def _runs_again(self, node: ast.Try) -> bool:
        """Do the handlers run once more, on another loop, what the body runs?"""
        first = {ast.dump(c.args[0]) for c in self._runs_in(node.body) if c.args}
        return bool(node.handlers) and all(
            handler.type is not None
            and dotted(handler.type) == "RuntimeError"
            and bool(first & {ast.dump(c.args[0]) for c in self._runs_in(handler.body) if c.args})
            for handler in node.handlers
        )

    def _runs_in(self, statements: Sequence[ast.stmt]) -> list[ast.Call]:
        return [n for s in statements for n in ast.walk(s) if isinstance(n, ast.Call) and n in self._awaited]

    # What comes of it

    def result(self) -> Plumbing:
        """What goes and what is opened, or why that can't be."""
        found = self._plumbing
        decided: list[ast.stmt | ast.expr] = [*found.opened, *found.shortened]
        if not any(map(self._precedes_a_run, decided)):
            self._plumbing = found = Plumbing()
            self._answers.telling.clear()
        for name in sorted(self._answers.telling - set(self._loops)):
            if others := self._other_reads(name):
                return Plumbing(problem=f"whether an event loop runs is also asked on line {others[0].lineno}")
            found.gone.update(self._constants.get(name, ()))
        for name, bindings in self._loops.items():
            care = [node for cared, node in self._care if cared in {name, ""}]
            if not self._other_reads(name, care):
                found.gone.update((*bindings, *care))
            elif any(isinstance(n, ast.With) and _binds(n, name) for n in found.opened):
                return Plumbing(problem=f"{name} is used for more than running coroutines")
        self._close(found)
        dropped = {n for node in found.nodes() for n in ast.walk(node)}
        asked = questions(self._program, self._function)
        found.unanswered = [n for n in asked if n not in dropped and n not in found.opened]
        return found

    def _precedes_a_run(self, node: ast.stmt | ast.expr) -> bool:
        """Is a coroutine run inside of a node, or behind it?"""
        start = node.lineno, node.col_offset
        return any((n.lineno, n.col_offset) >= start for n in self._runs_in(self._function.body))

    def _other_reads(self, name: str, care: Sequence[ast.stmt] = ()) -> list[ast.Name]:
        """Where a name is read for another purpose, in code that stays."""
        accounted: list[ast.AST] = [*care, *(c.func for c in self._awaited), *self._plumbing.nodes()]
        inside = {n for a in accounted for n in ast.walk(a)}
        return [
            n
            for n in ast.walk(self._function.node)
            if isinstance(n, ast.Name) and n.id == name and isinstance(n.ctx, ast.Load) and n not in inside
        ]

    def _close(self, found: Plumbing) -> None:
        """Statements that hold nothing any more go as well; a `try` without its `finally` is opened."""
        blocks = [n for n in ast.walk(self._function.node) if isinstance(n, ast.Try | ast.With | ast.If)]
        for node in reversed(blocks):  # inner ones first
            children = found.opened.get(node, list(children_of(node)))
            asks = isinstance(node, ast.If) and node not in found.opened
            if set(children) <= found.gone and not asks:
                found.gone.add(node)
            elif isinstance(node, ast.Try) and not node.handlers and set(node.finalbody) <= found.gone:
                found.opened.setdefault(node, node.body)


def _common(ends: list[dict[str, object]]) -> dict[str, object]:
    if not ends:
        return {}
    return {n: v for n, v in ends[0].items() if all(n in e and e[n] is v for e in ends)}


def children_of(node: ast.stmt) -> Iterator[ast.stmt]:
    """The statements right inside a compound one."""
    for child in ast.iter_child_nodes(node):
        if isinstance(child, ast.stmt):
            yield child
        elif isinstance(child, ast.ExceptHandler | ast.match_case):
            yield from child.body


def _expressions(node: ast.stmt) -> Iterator[ast.AST]:
    """A statement and the expressions that are its own; nested statements and functions are left out."""
    pending: list[ast.AST] = [node]
    while pending:
        current = pending.pop()
        yield current
        children = ast.iter_child_nodes(current)
        pending.extend(
            c for c in children if not isinstance(c, ast.stmt | ast.Lambda | ast.ExceptHandler | ast.match_case)
        )


def _binds(node: ast.With, name: str) -> bool:
    return any(isinstance(i.optional_vars, ast.Name) and i.optional_vars.id == name for i in node.items)
