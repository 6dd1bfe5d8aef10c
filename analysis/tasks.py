"""Tasks that run side by side, and the sessions that they use without having made them."""

from __future__ import annotations

import ast
from collections import Counter, defaultdict, deque
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

from .calling import edges, tests_aside
from .decisions import Step
from .once import once
from .session_use import is_async_database
from .symbols import Function
from .values import Awaitable, External, Instance, Values

if TYPE_CHECKING:
    from .program import Program

LOOPS = (ast.For, ast.AsyncFor, ast.While, ast.ListComp, ast.SetComp, ast.GeneratorExp, ast.DictComp)
GATHERING = frozenset({"asyncio.gather", "asyncio.wait", "asyncio.as_completed"})
SPAWNING = frozenset({"asyncio.create_task", "asyncio.ensure_future"})


@dataclass(frozen=True, eq=False, slots=True)
class SessionTask:
    """`call` in `function` makes one of several tasks; `use`, in `user`, is where it uses a session it did not make."""

    function: Function
    call: ast.Call
    user: Function
    use: ast.expr
    chain: tuple[Step, ...]


@dataclass(frozen=True, eq=False, slots=True)
class _Use:
    node: ast.expr
    chain: tuple[Step, ...]


class Tasks:
    """What runs side by side in a program."""

    def __init__(self, program: Program) -> None:
        self._program = program
        self._uses = self._find_uses()

    def sharing(self) -> Iterator[SessionTask]:
        """Tasks that use a session which others of them use too."""
        for function in self._functions():
            for calls in _side_by_side(self._program, function):
                yield from self._shared(function, calls)

    def _functions(self) -> list[Function]:
        return tests_aside(self._program)

    def _own_names(self, function: Function) -> frozenset[str]:
        return own_names(self._program, function)

    def use_in(self, function: Function) -> tuple[Step, ...] | None:
        """The way to where a function uses a session that it did not make; None where it does not."""
        use = self._uses.get(function)
        return use.chain if use is not None else None

    def _shared(self, function: Function, calls: list[ast.Call]) -> Iterator[SessionTask]:
        own = self._own_names(function)
        receivers = Counter(_receiver(call) for call in calls)
        users: list[SessionTask] = []
        for call in calls:
            if _mentions(call, _made_inside_loop(function, call, own)):
                continue
            is_alone = receivers[_receiver(call)] == 1 and not _is_repeated(function, call)
            if self._is_session_call(call) and is_alone and _mentions(call.func, own):
                continue
            task = self._task(function, call)
            if task is not None:
                users.append(task)
        if len(users) > 1 or any(_is_repeated(function, user.call) for user in users):
            yield from users

    def _task(self, function: Function, call: ast.Call) -> SessionTask | None:
        """A call that makes a task, if that uses a session which it did not make."""
        if self._is_session_call(call):
            step = Step(
                function.source.site(call), f"calls {function.source.text(call.func)}() as one of several tasks"
            )
            return SessionTask(function, call, function, call, (step,))
        for node, callee in edges(self._program).get(function, ()):
            use = self._uses.get(callee)
            if node is call and use is not None:
                step = Step(function.source.site(call), f"runs {callee.qualname} as one of several tasks")
                return SessionTask(function, call, callee, use.node, (step, *use.chain))
        return None

    def _find_uses(self) -> dict[Function, _Use]:
        """Functions that use a session which they are given, hold or see, and where they first do."""
        callers: defaultdict[Function, list[tuple[ast.expr, Function]]] = defaultdict(list)
        for function, calls in edges(self._program).items():
            for place, callee in calls:
                callers[callee].append((place, function))
        own = {f: self._own_names(f) for f in self._program.functions}
        queue: deque[tuple[Function, _Use]] = deque()
        for function in self._functions():
            for node in function.own_nodes():
                if (
                    isinstance(node, ast.Call)
                    and self._is_session_call(node)
                    and not _mentions(node.func, own[function])
                ):
                    step = Step(function.source.site(node), f"calls {function.source.text(node.func)}()")
                    queue.append((function, _Use(node, (step,))))
                    break
        found: dict[Function, _Use] = {}
        while queue:
            function, use = queue.popleft()
            if function in found or function.is_module:
                continue
            found[function] = use
            for place, caller in callers[function]:
                if not (_mentions(place, own[caller]) or _calls_a_parameter(caller, place)):
                    step = Step(caller.source.site(place), f"calls {function.qualname}")
                    queue.append((caller, _Use(place, (step, *use.chain))))
        return found

    def _is_session_call(self, node: ast.Call) -> bool:
        """Does a call send something through an async session?"""
        return any(
            isinstance(v, External)
            and isinstance(v.receiver, Instance)
            and self._program.is_session(frozenset({v.receiver}))
            and is_async_database(self._program, frozenset({v.receiver}))
            and any(isinstance(given, Awaitable) for given in self._program.values(node))
            for v in self._program.values(node.func)
        )


class TasksToBe(Tasks):
    """The same of a program whose sessions are sync yet: they let no other task in, while they work."""

    def __init__(self, program: Program) -> None:
        sites = [s for s in program.colours.sites() if s.callee is None]
        self._queries = {s.node for s in sites if s.kind == "query"}
        self._seeds = {s.node for s in sites}
        super().__init__(program)

    def _functions(self) -> list[Function]:
        return self._program.functions

    def _own_names(self, function: Function) -> frozenset[str]:
        return own_names(self._program, function, self._program.becomes_async)

    def _task(self, function: Function, call: ast.Call) -> SessionTask | None:
        for given in [*call.args, *(k.value for k in call.keywords)]:
            if isinstance(given, ast.Name | ast.Attribute) and self._is_session(self._program.values(given)):
                step = Step(function.source.site(call), f"passes {function.source.text(given)} to one of several tasks")
                return SessionTask(function, call, function, call, (step,))
        return super()._task(function, call)

    def _is_session_call(self, node: ast.Call) -> bool:
        if node in self._queries:
            return True
        receivers = (v.receiver for v in self._program.values(node.func) if isinstance(v, External))
        return node in self._seeds and any(r is not None and self._is_session(frozenset({r})) for r in receivers)

    def _is_session(self, values: Values) -> bool:
        return self._program.is_session(values) and self._program.becomes_async(values)


@once
def tasks_to_be(program: Program) -> list[SessionTask]:
    """The tasks that will use one async session, worked out once."""
    return list(TasksToBe(program).sharing())


@once
def tasks(program: Program) -> Tasks:
    """The tasks of a program, worked out once."""
    return Tasks(program)


def own_names(
    program: Program, function: Function, is_database: Callable[[Values], bool] | None = None
) -> frozenset[str]:
    """Names of (async) sessions that a function makes itself, and of what it makes with them."""
    is_database = is_database or partial(is_async_database, program)
    parameters = {p.arg for p in function.parameters()}
    bindings: list[tuple[str, ast.expr]] = []
    found: set[str] = set()
    for node in function.own_nodes():
        match node:
            case ast.withitem(context_expr=made, optional_vars=ast.Name(id=name)):
                if is_database(program.values(node.optional_vars)):  # type: ignore[arg-type]
                    found.add(name)
                bindings.append((name, made))
            case (
                ast.Assign(targets=[ast.Name(id=name) as target], value=ast.Call() as made)
                | ast.AnnAssign(target=ast.Name(id=name) as target, value=ast.Call() as made)
            ):
                is_plain = isinstance(made.func, ast.Name | ast.Attribute)
                if is_plain and is_async_database(program, program.values(target)) and name not in parameters:
                    found.add(name)
                bindings.append((name, made))
            case ast.Assign(targets=[ast.Name(id=name)], value=value):
                bindings.append((name, value))
    for _ in bindings:
        more = {name for name, made in bindings if name not in found and _mentions(made, frozenset(found))}
        if not more:
            break
        found |= more
    return frozenset(found)


def _receiver(call: ast.Call) -> str:
    """What a method is called on, as it is written."""
    return ast.unparse(call.func.value) if isinstance(call.func, ast.Attribute) else ""


def _mentions(node: ast.AST, names: frozenset[str]) -> bool:
    return bool(names) and any(isinstance(n, ast.Name) and n.id in names for n in ast.walk(node))


def _calls_a_parameter(function: Function, node: ast.expr) -> bool:
    """Is what is called one of many that callers hand in?"""
    return (
        isinstance(node, ast.Call)
        and isinstance(node.func, ast.Name)
        and node.func.id in {p.arg for p in function.parameters()}
    )


def _made_inside_loop(function: Function, call: ast.Call, own: frozenset[str]) -> frozenset[str]:
    """Of the sessions that a function makes those that it makes anew for each task."""
    loop = _loop(function, call)
    if loop is None:
        return frozenset()
    stored = {n.id for n in ast.walk(loop) if isinstance(n, ast.Name) and isinstance(n.ctx, ast.Store)}
    return own & stored


def _loop(function: Function, node: ast.AST) -> ast.AST | None:
    parent = function.source.parents.get(node)
    while parent is not None and parent is not function.node:
        if isinstance(parent, LOOPS):
            return parent
        parent = function.source.parents.get(parent)
    return None


def _is_repeated(function: Function, call: ast.Call) -> bool:
    return _loop(function, call) is not None


def _side_by_side(program: Program, function: Function) -> Iterator[list[ast.Call]]:
    """The calls in a function whose coroutines run at the same time, group by group."""
    spawned: list[ast.Call] = []
    for node in function.own_nodes():
        if not isinstance(node, ast.Call):
            continue
        names = {v.name for v in program.values(node.func) if isinstance(v, External)}
        if names & GATHERING:
            yield [c for argument in node.args for c in _coroutines(function, argument)]
        elif (names & SPAWNING or _is_group_method(node)) and node.args:
            spawned.extend(_coroutines(function, node.args[0]))
    if spawned:
        yield spawned


def _is_group_method(node: ast.Call) -> bool:
    """`group.create_task(…)`, `group.start_soon(…)`"""
    return isinstance(node.func, ast.Attribute) and node.func.attr in {"create_task", "start_soon"}


def _coroutines(function: Function, node: ast.expr) -> Iterator[ast.Call]:
    """The calls behind an argument: itself, those of a comprehension, those in a list of a name."""
    match node:
        case ast.Call():
            yield node
        case ast.Starred(value=inner):
            yield from _coroutines(function, inner)
        case ast.ListComp(elt=element) | ast.GeneratorExp(elt=element) | ast.SetComp(elt=element):
            yield from _coroutines(function, element)
        case ast.List(elts=parts) | ast.Tuple(elts=parts):
            for part in parts:
                yield from _coroutines(function, part)
        case ast.Name(id=name):
            yield from _put_into(function, name)


def _put_into(function: Function, name: str) -> Iterator[ast.Call]:
    for node in function.own_nodes():
        match node:
            case ast.Assign(targets=[ast.Name(id=target)], value=value) if target == name:
                if not isinstance(value, ast.Name):
                    yield from _coroutines(function, value)
            case ast.Call(func=ast.Attribute(value=ast.Name(id=target), attr="append" | "add"), args=[value]):
                if target == name and not isinstance(value, ast.Name):
                    yield from _coroutines(function, value)
