"""What stood around a coroutine that was run to its end: asking whether a loop runs, making one, closing it.

A function that awaits needs none of it. Its statements are read as sync code without a running loop went through them,
for that is the way that ran the coroutine: what lies on that way stays, the other way goes, and so does the question.
"""

from __future__ import annotations

import ast
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, field

from ..analysis.program import Program
from ..analysis.source import Source
from ..analysis.symbols import Function, dotted
from ..analysis.values import External, FunctionObject, Instance
from .edit import Edit
from .removal import in_place_of, span_of, without_all

LOOP = "asyncio.AbstractEventLoop"
NO_LOOP = {"RuntimeError", "Exception", "BaseException"}
MAKERS = {"asyncio.new_event_loop", "asyncio.get_event_loop"}
# Methods of a loop that only look after the loop itself.
CARE = {"close", "stop", "set_debug", "shutdown_asyncgens", "shutdown_default_executor"}
UNKNOWN = object()
MADE = object()  # an event loop that does not run


@dataclass(slots=True)
class Plumbing:
    """What becomes of a function's statements: `gone` are taken out, those in `opened` leave only some of their own.

    `problem` says why nothing is done, `line` where.
    """

    gone: set[ast.stmt] = field(default_factory=set)
    opened: dict[ast.stmt, list[ast.stmt]] = field(default_factory=dict)
    problem: str = ""

    def __bool__(self) -> bool:
        return bool(self.gone or self.opened or self.problem)

    def dropped(self) -> Iterator[ast.stmt]:
        """The statements that go, those that were opened not among them."""
        yield from self.gone
        for node, kept in self.opened.items():
            yield from (s for s in _children(node) if s not in kept)

    def nodes(self) -> Iterator[ast.AST]:
        """All that goes, conditions among it."""
        yield from self.dropped()
        yield from (node.test for node in self.opened if isinstance(node, ast.If))


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
        self._known: dict[str, object] = {}
        # Names that hold the answer whether a loop runs, or a loop, and the statements that only bind them.
        self._answers: dict[str, list[ast.stmt]] = {}
        self._loops: dict[str, list[ast.stmt]] = {}
        self._constants: dict[str, list[ast.stmt]] = {}
        self._decided: list[ast.expr] = []
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
        match node:
            case ast.Try() if (handler := self._asks(node)) is not None:
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
        self._known.pop(name, None)
        if isinstance(value, ast.Constant):
            self._known[name] = value.value
            self._constants.setdefault(name, []).append(node)
        elif self._calls(value) & MAKERS:
            self._known[name] = MADE
            self._loops.setdefault(name, []).append(node)

    def _forget(self, node: ast.AST) -> None:
        """Names that a statement may bind are not known any more."""
        for inner in ast.walk(node):
            if isinstance(inner, ast.Name) and not isinstance(inner.ctx, ast.Load):
                self._known.pop(inner.id, None)

    def _if(self, node: ast.If) -> bool:
        value = self._truth(node.test)
        if value is not UNKNOWN:
            self._decided.append(node.test)
            kept = node.body if value else node.orelse
            self._plumbing.opened[node] = kept
            return self.block(kept)
        before = dict(self._known)
        ends = []
        for branch in (node.body, node.orelse):
            self._known = dict(before)
            if self.block(branch):
                ends.append(self._known)
        self._known = _common(ends)
        return bool(ends)

    def _try(self, node: ast.Try) -> bool:
        before = dict(self._known)
        ends = [self._known] if self.block([*node.body, *node.orelse]) else []
        for handler in node.handlers:
            self._known = dict(before)
            if self.block(handler.body):
                ends.append(self._known)
        self._known = _common(ends)
        if self._runs_again(node):
            self._plumbing.opened[node] = [*node.body, *node.orelse]
        return self.block(node.finalbody) and bool(ends)

    def _with(self, node: ast.With, body: list[ast.stmt]) -> bool:
        item = node.items[0]
        makes_runner = any(
            isinstance(v, Instance) and v.cls == "asyncio.Runner" for v in self._values(item.context_expr)
        )
        if makes_runner and len(node.items) == 1 and isinstance(item.optional_vars, ast.Name):
            self._known[item.optional_vars.id] = MADE
            self._loops.setdefault(item.optional_vars.id, [])
            self._plumbing.opened[node] = body
        return self.block(body)

    # Questions

    def _asks(self, node: ast.Try) -> ast.ExceptHandler | None:
        """The handler that runs where there is no loop, of a `try` that begins with asking for the running loop."""
        first = node.body[0]
        value = first.value if isinstance(first, ast.Expr | ast.Assign | ast.AnnAssign | ast.Return) else None
        if value is None or "asyncio.get_running_loop" not in self._calls(value) or node.finalbody:
            return None
        for handler in node.handlers:
            names = handler.type.elts if isinstance(handler.type, ast.Tuple) else [handler.type]
            if any(n is None or dotted(n) in NO_LOOP for n in names):
                return handler
        return None

    def _answered(self, node: ast.Try, handler: ast.ExceptHandler) -> bool:
        kept = []
        for statement in node.body:
            for inner in ast.walk(statement):
                if isinstance(inner, ast.Name) and isinstance(inner.ctx, ast.Store):
                    self._answers.setdefault(inner.id, [])
        for statement in handler.body:
            match statement:
                case ast.Assign(targets=[ast.Name(id=name)], value=ast.Constant(value=value)):
                    self._answers.setdefault(name, [])
                    self._known[name] = value
                case ast.Pass():
                    pass
                case _:
                    kept.append(statement)
        self._plumbing.opened[node] = kept
        return self.block(kept)

    def _truth(self, node: ast.expr) -> object:
        """What a condition comes to where no loop runs; UNKNOWN when that does not tell."""
        value = self._value(node)
        return value if value is UNKNOWN else value is MADE or bool(value)

    def _value(self, node: ast.expr) -> object:
        match node:
            case ast.Constant(value=value):
                return value
            case ast.Name(id=name) if name in self._answers or self._known.get(name) is MADE:
                return self._known.get(name, UNKNOWN)
            case ast.UnaryOp(op=ast.Not(), operand=operand):
                truth = self._truth(operand)
                return truth if truth is UNKNOWN else not truth
            case ast.BoolOp(op=op, values=parts):
                return self._either([self._truth(p) for p in parts], isinstance(op, ast.Or))
            case ast.Compare(left=left, ops=[ast.Is() | ast.Eq()], comparators=[right]):
                return self._same(left, right)
            case ast.Compare(left=left, ops=[ast.IsNot() | ast.NotEq()], comparators=[right]):
                same = self._same(left, right)
                return same if same is UNKNOWN else not same
            case ast.Call(func=ast.Attribute(value=loop, attr="is_running" | "is_closed")) if self._is_loop(loop):
                return False
            case ast.Call():
                return self._called(node)
        return UNKNOWN

    def _either(self, truths: list[object], wanted: bool) -> object:
        if wanted in truths:
            return wanted
        return UNKNOWN if UNKNOWN in truths else not wanted

    def _same(self, left: ast.expr, right: ast.expr) -> object:
        one, other = self._value(left), self._value(right)
        return UNKNOWN if one is UNKNOWN or other is UNKNOWN else one is other

    def _called(self, node: ast.Call) -> object:
        """What a function of the project answers that only asks whether a loop runs."""
        for value in self._values(node.func):
            if isinstance(value, FunctionObject):
                return answer(self._program, self._program.function(value.key))
        return UNKNOWN

    # Loops

    def _cares_for(self, call: ast.Call) -> str | None:
        """The name of the loop that a call looks after; "" for no loop at all."""
        inner = call.args[0] if call in self._awaited and call.args and isinstance(call.args[0], ast.Call) else call
        match inner:
            case ast.Call(func=ast.Attribute(value=ast.Name(id=name), attr=method)) if method in CARE:
                return name if self._is_loop(inner.func.value) else None  # type: ignore[attr-defined]
            case ast.Call(args=[ast.Name(id=name)]) if "asyncio.set_event_loop" in self._calls(inner):
                return name
            case ast.Call(args=[ast.Constant(value=None)]) if "asyncio.set_event_loop" in self._calls(inner):
                return ""
        return None

    def _is_loop(self, node: ast.expr) -> bool:
        if isinstance(node, ast.Name) and self._known.get(node.id) is MADE:
            return True
        return any(isinstance(v, Instance) and v.cls == LOOP for v in self._values(node))

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
        if not any(self._touches_a_run(node) for node in found.opened):
            found.opened.clear()
            found.gone.clear()
            self._answers.clear()
        for name in self._answers:
            if name in self._loops:
                continue
            others = self._other_reads(name)
            if others:
                return Plumbing(problem=f"whether an event loop runs is also asked on line {others[0].lineno}")
            found.gone.update(self._constants.get(name, ()))
        for name, bindings in self._loops.items():
            care = [node for cared, node in self._care if cared in {name, ""}]
            if not self._other_reads(name, care):
                found.gone.update((*bindings, *care))
            elif any(isinstance(n, ast.With) and _binds(n, name) for n in found.opened):
                return Plumbing(problem=f"{name} is used for more than running coroutines")
        self._close(found)
        return found

    def _touches_a_run(self, node: ast.stmt) -> bool:
        """Is a coroutine run inside of a statement, or behind it in its block?"""
        later = [
            n for n in self._runs_in(self._function.body) if (n.lineno, n.col_offset) > (node.lineno, node.col_offset)
        ]
        return bool(later)

    def _other_reads(self, name: str, care: Sequence[ast.stmt] = ()) -> list[ast.Name]:
        """Where a name is read for another purpose, in code that stays."""
        accounted: list[ast.AST] = [*self._decided, *care, *(c.func for c in self._awaited), *self._plumbing.dropped()]
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
            children = found.opened.get(node, list(_children(node)))
            asks = isinstance(node, ast.If) and node not in found.opened
            if set(children) <= found.gone and not asks:
                found.gone.add(node)
            elif isinstance(node, ast.Try) and not node.handlers and set(node.finalbody) <= found.gone:
                found.opened.setdefault(node, node.body)

    def _values(self, node: ast.expr) -> Collection[object]:
        return self._program.values(node)

    def _calls(self, node: ast.expr) -> set[str]:
        """The library functions that an expression may be a call of."""
        if not isinstance(node, ast.Call):
            return set()
        return {v.name for v in self._program.values(node.func) if isinstance(v, External)}


def answer(program: Program, function: Function) -> object:
    """What a function returns where no loop runs, when asking that is all it does; else UNKNOWN."""
    if not isinstance(function.node, ast.FunctionDef):
        return UNKNOWN
    reader = _Reader(program, function, ())
    statements = [s for s in function.node.body if not (isinstance(s, ast.Expr) and isinstance(s.value, ast.Constant))]
    while statements:
        statement = statements.pop(0)
        handler = reader._asks(statement) if isinstance(statement, ast.Try) else None
        match statement:
            case ast.Try() if handler is not None:
                statements = [*handler.body, *statements]
            case ast.Return(value=ast.Constant(value=value)):
                return value
            case ast.Pass():
                continue
            case _:
                return UNKNOWN
    return UNKNOWN


def _common(ends: list[dict[str, object]]) -> dict[str, object]:
    if not ends:
        return {}
    return {n: v for n, v in ends[0].items() if all(n in e and e[n] is v for e in ends)}


def _children(node: ast.stmt) -> Iterator[ast.stmt]:
    """The statements right inside a compound one."""
    for child in ast.iter_child_nodes(node):
        if isinstance(child, ast.stmt):
            yield child
        elif isinstance(child, ast.ExceptHandler | ast.match_case):
            yield from child.body


def _binds(node: ast.With, name: str) -> bool:
    return any(isinstance(i.optional_vars, ast.Name) and i.optional_vars.id == name for i in node.items)


# Edits


def edits(source: Source, found: Plumbing) -> Iterator[Edit]:
    """The edits that carry it out."""
    covered: set[ast.stmt] = set()
    for node, kept in _outermost(source, found):
        covered.update(s for s in _children(node) if s not in kept)
        yield from in_place_of(source, node, kept)
    left = {
        s
        for s in found.gone
        if not any(a in found.gone or a in covered for a in _around(source, s)) and s not in covered
    }
    yield from without_all(source, left)


def gone_spans(source: Source, found: Plumbing) -> list[list[int]]:
    """The bytes that go."""
    spans = [list(span_of(source, s)) for s in found.gone]
    for node, kept in _outermost(source, found):
        start, end = source.span(node)
        spans += [[start, source.span(kept[0])[0]], [source.span(kept[-1])[1], end]]
    return sorted(spans)


def _outermost(source: Source, found: Plumbing) -> Iterator[tuple[ast.stmt, list[ast.stmt]]]:
    """The opened statements that something stays of, and what stays."""
    for node, children in found.opened.items():
        if node in found.gone or any(a in found.gone for a in _around(source, node)):
            continue
        kept = list(children)
        while kept and kept[0] in found.gone:
            del kept[0]
        while kept and kept[-1] in found.gone:
            del kept[-1]
        yield node, kept


def _around(source: Source, node: ast.stmt) -> Iterator[ast.stmt]:
    parent = source.parents.get(node)
    while parent is not None:
        if isinstance(parent, ast.stmt):
            yield parent
        parent = source.parents.get(parent)
