"""One function, walked along its control flow: which names hold objects that are expired, and what reads them."""

from __future__ import annotations

import ast
from collections.abc import Iterable
from dataclasses import replace
from typing import TYPE_CHECKING

from .cascades import is_whole
from .decisions import Step
from .effects import EXPIRING_ALL
from .expired_names import classes_of, given_by, is_made, last_name, own_sessions, place_of, put_together, settle
from .expired_states import ENTRY, Event, Read, State, Summary
from .factories import expires_on_commit
from .session_use import is_async_database
from .symbols import Function
from .tracing import objects

if TYPE_CHECKING:
    from .expired import Expired

# What reads all columns of the object that it is given.
READING_ALL = frozenset({"model_validate", "from_orm", "jsonable_encoder"})


class Walk:
    """One function, walked along its control flow."""

    def __init__(self, expired: Expired, function: Function) -> None:
        self._expired = expired
        self._program = expired.program
        self.function = function
        self.reads: list[Read] = []
        # The states at the ends of the function, what has expired the object that it returns there, and whether that
        # is something true; None where it is not known.
        self._ends: list[tuple[State, Event | None, bool | None]] = []
        # What has expired objects where an exception leaves: the function's own list, and one for each try around.
        self._raised: list[list[Event]] = [[]]
        self._own = own_sessions(self._program, function)

    def summary(self) -> Summary:
        """What the function does to its callers."""
        state = State()
        for parameter in self.function.parameters():
            if self._expired.holds(self._program.parameter(self.function, parameter.arg)) or self._is_self(parameter):
                state.held.add(parameter.arg)
                state.expired[parameter.arg] = ENTRY
        if self._block(self.function.body, state):
            self._ends.append((state, None, False))
        names = [p.arg for p in self.function.parameters()]
        result = Summary()
        for end, returned, _ in self._ends:
            result.event = result.event or end.event
            left = {n for n in names if end.expired.get(n, ENTRY) is not ENTRY}
            result.left_expired |= left
            result.returned = result.returned or (returned if returned is not ENTRY else None)
        result.gives = self._tells()
        result.raised = next(iter(self._raised[0]), None)
        for read in self.reads:
            if read.event is ENTRY and isinstance(read.node, ast.expr):
                result.reads.setdefault(read.name, read)
        return result

    def _tells(self) -> bool | None:
        """Does what the function returns tell that it has expired objects: always something true, or always not?"""
        behind = {truth for end, _, truth in self._ends if end.event is not None}
        others = {truth for end, _, truth in self._ends if end.event is None}
        if len(behind) == 1 and None not in behind and others and not behind & others:
            return behind.pop()
        return None

    def _is_self(self, parameter: ast.arg) -> bool:
        owner = self.function.owner
        return (
            owner is not None
            and self.function.binding == "instance"
            and parameter is self.function.parameters()[0]
            and self._program.mapped(owner.key) is not None
        )

    # Statements

    def _block(self, statements: Iterable[ast.stmt], state: State) -> bool:
        return all(self._statement(statement, state) for statement in statements)

    def _statement(self, node: ast.stmt, state: State) -> bool:
        """Walk a statement; does control go on behind it?"""
        match node:
            case ast.Return() | ast.Raise() | ast.Break() | ast.Continue():
                self._leave(node, state)
                return False
            case ast.If(test=test, body=body, orelse=orelse):
                self._expr(test, state)
                return self._branches(state, [body, orelse], self._told(test, state))
            case ast.While() | ast.For() | ast.AsyncFor():
                self._turns(node, state)
            case ast.With() | ast.AsyncWith():
                return self._with(node, state)
            case ast.Try() | ast.TryStar():
                return self._try(node, state)
            case ast.Match(subject=subject, cases=cases):
                self._expr(subject, state)
                self._branches(state, [*(c.body for c in cases), []])
            case ast.FunctionDef() | ast.AsyncFunctionDef() | ast.ClassDef():
                pass
            case _:
                self._simple(node, state)
        return True

    def _leave(self, node: ast.Return | ast.Raise | ast.Break | ast.Continue, state: State) -> None:
        if isinstance(node, ast.Raise):
            self._expressions(node, state)
            if state.event is not None:
                self._raised[-1].append(state.event)
        elif isinstance(node, ast.Return):
            returned = self._value(node.value, state) if node.value else None
            if node.value is not None and returned is not None and self._is_served():
                self._note(node, "", self._text(node.value), returned)
            truth = bool(node.value.value) if isinstance(node.value, ast.Constant) else None
            self._ends.append((state.copy(), returned, truth if node.value is not None else False))

    def _turns(self, node: ast.While | ast.For | ast.AsyncFor, state: State) -> None:
        if isinstance(node, ast.While):
            test = node.test
            self._expr(test, state)
            self._loop(node.body, state, again=lambda turn: self._expr(test, turn))
        else:
            target, event = node.target, self._value(node.iter, state)
            turn = self._loop(node.body, state, before=lambda turn: self._bind(target, event, turn))
            settle(node.iter, target, turn, state)
        self._block(node.orelse, state)

    def _with(self, node: ast.With | ast.AsyncWith, state: State) -> bool:
        for item in node.items:
            self._expr(item.context_expr, state)
            if item.optional_vars:
                self._bind(item.optional_vars, None, state)
        goes_on = self._block(node.body, state)
        for item in node.items:
            if self._begins(item.context_expr):
                self._happens(self._event(item.context_expr, "commits at its end", is_own=False), state)
        return goes_on

    def _simple(self, node: ast.stmt, state: State) -> None:
        match node:
            case ast.Assign(targets=targets, value=value):
                event = self._value(value, state)
                for target in targets:
                    self._bind(target, event, state)
                    self._remember(target, value, state)
            case ast.AnnAssign(target=target, value=value):
                self._bind(target, self._value(value, state) if value else None, state)
            case ast.AugAssign(target=target, value=value):
                self._expr(value, state)
                if isinstance(target, ast.Attribute):
                    self._read(target, state)
            case _:
                self._expressions(node, state)

    def _expressions(self, node: ast.stmt, state: State) -> None:
        for child in ast.iter_child_nodes(node):
            if isinstance(child, ast.expr):
                self._expr(child, state)

    def _remember(self, target: ast.expr, value: ast.expr, state: State) -> None:
        """What a call gives has a name, by which it can be asked."""
        if isinstance(target, ast.Name) and (told := state.told.get(place_of(value))):
            state.told[target.id] = told

    def _told(self, test: ast.expr, state: State) -> tuple[int, Event] | None:
        """The branch of an if statement in which an event has not happened: 0 is the body."""
        is_true = True
        match test:
            case ast.UnaryOp(op=ast.Not(), operand=test):
                is_true = False
            case ast.Compare(left=left, ops=[ast.Is() | ast.IsNot() as sign], comparators=[ast.Constant(value=None)]):
                test, is_true = left, isinstance(sign, ast.IsNot)
        name = test.target.id if isinstance(test, ast.NamedExpr) else getattr(test, "id", "")
        event = state.told.get(name or place_of(test))
        if event is None or event.gives is None:
            return None
        return (1 if event.gives is is_true else 0), event

    def _branches(
        self, state: State, bodies: Iterable[Iterable[ast.stmt]], told: tuple[int, Event] | None = None
    ) -> bool:
        ends = []
        for number, body in enumerate(bodies):
            branch = state.without(told[1]) if told and told[0] == number else state.copy()
            if self._block(body, branch):
                ends.append(branch)
        if ends:
            state.become(ends[0])
            state.join(ends[1:])
        return bool(ends)

    def _loop(self, body: list[ast.stmt], state: State, before: object = None, again: object = None) -> State:
        """Run a loop's body twice; what is known at the end of its last turn."""
        for _ in range(2):
            turn = state.copy()
            if callable(before):
                before(turn)
            self._block(body, turn)
            if callable(again):
                again(turn)
            state.join([turn])
        return turn

    def _try(self, node: ast.Try | ast.TryStar, state: State) -> bool:
        seen = [state.copy()]
        goes_on = True
        self._raised.append([])
        for statement in node.body:
            goes_on = self._statement(statement, state)
            seen.append(state.copy())
            if not goes_on:
                break
        raised = self._raised.pop()
        if goes_on:
            goes_on = self._block(node.orelse, state)
        ends = [state.copy()] if goes_on else []
        start = seen[0]
        start.join(seen[1:])
        if node.handlers:
            for event in raised:
                self._happens(event, start)
        else:
            self._raised[-1] += raised
        for handler in node.handlers:
            branch = start.copy()
            if self._block(handler.body, branch):
                ends.append(branch)
        if not ends:
            self._block(node.finalbody, start)
            return False
        state.become(ends[0])
        state.join(ends[1:])
        return self._block(node.finalbody, state)

    # Names

    def _bind(self, target: ast.expr, event: Event | None, state: State) -> None:
        match target:
            case ast.Name(id=name):
                state.expired.pop(name, None)
                state.told.pop(name, None)
                state.held.discard(name)
                if self._expired.holds(self._program.values(target)):
                    state.held.add(name)
                    if event is not None:
                        state.expired[name] = event
            case ast.Tuple(elts=parts) | ast.List(elts=parts):
                for part in parts:
                    self._bind(part, event, state)
            case ast.Starred(value=inner):
                self._bind(inner, event, state)
            case _:
                self._expr(target, state)

    def _value(self, node: ast.expr, state: State) -> Event | None:
        """Evaluate an expression; what expired the object that it gives, None when it is fresh."""
        self._expr(node, state)
        match node:
            case ast.Await(value=inner):
                return self._result(inner)
            case ast.Call(func=ast.Name(id="list" | "sorted" | "reversed" | "enumerate" | "tuple"), args=[first, *_]):
                return state.expired.get(first.id) if isinstance(first, ast.Name) else None
            case ast.Name(id=name):
                return state.expired.get(name)
            case ast.Subscript(value=ast.Name(id=name)):
                return state.expired.get(name)
            case ast.BoolOp(values=parts):
                return next((e for p in parts if isinstance(p, ast.Name) and (e := state.expired.get(p.id))), None)
        return None

    def _result(self, node: ast.expr) -> Event | None:
        """What expired that which the call of a project function returns."""
        for callee in self._expired.callees.get(node, ()):
            summary = self._expired.summaries.get(callee)
            if summary and summary.returned:
                step = Step(self.function.source.site(node), f"calls {callee.qualname}, which returns it expired")
                return Event(node, (step, *summary.returned.chain))
        return None

    # Expressions

    def _expr(self, node: ast.expr, state: State) -> None:
        match node:
            case ast.Lambda():
                return
            case ast.ListComp() | ast.SetComp() | ast.GeneratorExp() | ast.DictComp():
                self._comprehension(node, state)
                return
            case ast.IfExp(test=test, body=body, orelse=orelse):
                self._expr(test, state)
                branches = [state.copy(), state.copy()]
                self._expr(body, branches[0])
                self._expr(orelse, branches[1])
                state.become(branches[0])
                state.join(branches[1:])
                return
            case ast.NamedExpr(target=target, value=value):
                self._bind(target, self._value(value, state), state)
                self._remember(target, value, state)
                return
            case ast.Await(value=ast.Attribute(value=ast.Attribute(value=ast.Name(id=name), attr="awaitable_attrs"))):
                state.expired.pop(name, None)
                return
        for child in ast.iter_child_nodes(node):
            if isinstance(child, ast.expr):
                self._expr(child, state)
            elif isinstance(child, ast.keyword):
                self._expr(child.value, state)
        if isinstance(node, ast.Attribute) and isinstance(node.ctx, ast.Load):
            self._read(node, state)
        elif isinstance(node, ast.Call):
            self._call(node, state)

    def _comprehension(self, node: ast.ListComp | ast.SetComp | ast.GeneratorExp | ast.DictComp, state: State) -> None:
        inside = state.copy()
        for generator in node.generators:
            event = self._value(generator.iter, inside)
            self._bind(generator.target, event, inside)
            for condition in generator.ifs:
                self._expr(condition, inside)
        for part in [node.key, node.value] if isinstance(node, ast.DictComp) else [node.elt]:
            self._expr(part, inside)
        for generator in node.generators:
            if not generator.ifs:
                settle(generator.iter, generator.target, inside, inside)
        for name in state.expired.keys() - inside.expired.keys():
            del state.expired[name]

    def _read(self, node: ast.Attribute, state: State) -> None:
        """An attribute is read: of an expired object that sends a query."""
        if not isinstance(node.value, ast.Name):
            return
        event = state.expired.get(node.value.id)
        if event is not None and self._is_loaded(node):
            self._note(node, node.value.id, self._text(node), event)
            del state.expired[node.value.id]

    def _is_loaded(self, node: ast.Attribute) -> bool:
        """Does the attribute come from the database?"""
        for instance in objects(self._program.values(node.value), lambda cls: self._program.mapped(cls) is not None):
            mapped = self._program.mapped(instance.cls)
            if mapped and (node.attr in mapped.columns or node.attr in mapped.relationships):
                return True
        return False

    def _call(self, node: ast.Call, state: State) -> None:
        match node.func:
            case ast.Attribute(attr="refresh") if node.args and isinstance(node.args[0], ast.Name):
                self._cascade(node, node.args[0], state)
                state.expired.pop(node.args[0].id, None)
                return
            case ast.Attribute(attr="expunge" | "expunge_all"):
                state.expired.clear()
                state.held.clear()
                return
            case ast.Attribute(attr="add" | "add_all" | "delete" | "merge") if self._is_session(node.func.value):
                return
            case ast.Attribute(value=ast.Name(id=name), attr="append" | "add" | "appendleft"):
                self._collect(name, node.args[:1], state)
            case ast.Attribute(value=session, attr=method) if self._is_session(session):
                self._session_call(node, session, method, state)
                return
        self._reading(node, state)
        self._effects(node, state)

    def _collect(self, name: str, given: list[ast.expr], state: State) -> None:
        """What is put into a container is held by it."""
        for node in given:
            if self._expired.holds(self._program.values(node)):
                state.held.add(name)
                if isinstance(node, ast.Name) and node.id in state.expired:
                    state.expired[name] = state.expired[node.id]

    def _session_call(self, node: ast.Call, session: ast.expr, method: str, state: State) -> None:
        is_own = isinstance(session, ast.Name) and session.id in self._own
        if method in EXPIRING_ALL:
            self._happens(self._event(node, f"calls {self._text(node.func)}()", is_own), state)
        elif method == "expire" and node.args and isinstance(node.args[0], ast.Name):
            self._cascade(node, node.args[0], state)
            state.expired[node.args[0].id] = self._event(node, f"calls {self._text(node.func)}()", is_own)
        elif method == "commit":
            maker = self._own.get(session.id) if isinstance(session, ast.Name) else None
            if expires_on_commit(self._program, maker):
                self._happens(self._event(node, f"calls {self._text(node.func)}()", is_own), state)

    def _cascade(self, node: ast.Call, owner: ast.Name, state: State) -> None:
        """A refresh of an object that was made here expires what was put into its relationships with that cascade."""
        reach = self._expired.reach
        is_known = is_whole(node) and reach.cascading and is_made(self._program, self.function, owner.id)
        classes = reach.classes(self.function, node, owner) if is_known else frozenset()
        put = put_together(self._program, self.function, owner.id) if classes else set()
        for name in state.held & put:
            if classes & classes_of(self._program, self.function, name):
                state.expired[name] = self._event(
                    node, f"calls {self._text(node.func)}(), which cascades", is_own=False
                )

    def _reading(self, node: ast.Call, state: State) -> None:
        """A call reads an expired object that it is given."""
        if last_name(node.func) in READING_ALL:
            for argument in node.args:
                if isinstance(argument, ast.Name) and argument.id in state.expired:
                    self._note(node, argument.id, self._text(argument), state.expired.pop(argument.id))
            return
        for callee in self._expired.callees.get(node, ()):
            summary = self._expired.summaries.get(callee)
            for name, argument in given_by(callee, node).items():
                read = summary.reads.get(name) if summary else None
                if read is not None and isinstance(argument, ast.Name) and argument.id in state.expired:
                    step = Step(read.function.source.site(read.node), f"{callee.qualname} reads {read.what}")
                    event = state.expired.pop(argument.id)
                    self._note(node, argument.id, argument.id, event, (step, *read.chain))

    def _effects(self, node: ast.Call, state: State) -> None:
        """A call expires the caller's objects, but for those that the callee has refreshed."""
        fresh: set[str] | None = None
        found: Event | None = None
        gives: set[bool | None] = set()
        for callee in self._expired.callees.get(node, ()):
            summary = self._expired.summaries.get(callee)
            step = Step(self.function.source.site(node), f"calls {callee.qualname}")
            if summary is not None and summary.raised is not None and not summary.raised.is_own:
                self._raised[-1].append(Event(node, (step, *summary.raised.chain)))
            if summary is None or summary.event is None or summary.event.is_own:
                continue
            gives.add(summary.gives)
            found = Event(node, (step, *summary.event.chain))
            given = given_by(callee, node)
            names = {a.id for n, a in given.items() if isinstance(a, ast.Name) and n not in summary.left_expired}
            fresh = names if fresh is None else fresh & names
        if found is not None and len(gives) == 1:
            found = replace(found, gives=gives.pop())
            state.told[place_of(node)] = found
        if found is not None:
            self._happens(found, state, besides=fresh or set())

    # Events

    def _event(self, node: ast.expr, what: str, is_own: bool) -> Event:
        return Event(node, (Step(self.function.source.site(node), what),), is_own)

    def _happens(self, event: Event, state: State, besides: Iterable[str] = ()) -> None:
        """Objects at hand expire; of a session of the function's own, those that it was given do not."""
        given = {p.arg for p in self.function.parameters()} if event.is_own else set()
        for name in state.held - set(besides) - given:
            state.expired[name] = event
        for name in set(besides) & state.held:
            state.expired.pop(name, None)
        if not event.is_own:
            state.event = event

    def _begins(self, node: ast.expr) -> bool:
        """`async with session.begin()`: a commit at the end."""
        match node:
            case ast.Call(func=ast.Attribute(value=session, attr="begin")) if self._is_session(session):
                return expires_on_commit(self._program)
        return False

    def _is_session(self, node: ast.expr) -> bool:
        values = self._program.values(node)
        return self._program.is_session(values) and is_async_database(self._program, values)

    def _is_served(self) -> bool:
        """Is what the function returns read by a response?"""
        return any(policy == "awaits" for policy, _ in self._program.handed(self.function)) and any(
            isinstance(d, ast.Call) and isinstance(d.func, ast.Attribute) for d in self.function.decorators
        )

    def _note(
        self, node: ast.expr | ast.stmt, name: str, what: str, event: Event, chain: tuple[Step, ...] = ()
    ) -> None:
        self.reads.append(Read(self.function, node, name, what, event, chain))

    def _text(self, node: ast.expr) -> str:
        return self._program.short(self.function.source, node)
