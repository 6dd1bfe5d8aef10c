"""Functions that make an application and return it, and what they do meanwhile that can wait for its start.

A server that imports the application, or calls its factory, does so while its event loop runs or before it has one:
the factory stays sync, and what it would have to wait for moves into the application's lifespan.
"""

from __future__ import annotations

import ast
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise
from typing import TYPE_CHECKING, TypeAlias, TypeGuard

from .fixtures import is_test_file
from .once import once
from .scripts import APPLICATIONS, DEFINITIONS, is_read, names, walked
from .symbols import Function
from .values import External, FunctionObject, Instance

if TYPE_CHECKING:
    from .async_sites import AsyncSite
    from .program import Program

# What an application is called that has no name in its factory, and that its lifespan calls it.
APP = "app"
Making: TypeAlias = ast.Assign | ast.AnnAssign | ast.Return

APPLICATION = "fastapi.FastAPI"
# Methods of Python's containers that put something into them.
GROWING = {"add", "append", "appendleft", "extend", "insert", "setdefault", "update"}
FUNCTIONS = (ast.FunctionDef, ast.AsyncFunctionDef, ast.Lambda)
# Methods of an application that may be called once it has started.
HARMLESS = {"openapi", "url_path_for"}
ELSEWHERE = "its lifespan is not known here"


@dataclass(frozen=True, eq=False)
class ApplicationFactory:
    """A function that makes an application; `moved` are the statements of its body that its start is to run.

    `obstacle` says of a statement why it can't move.
    """

    function: Function
    making: Making
    moved: Sequence[ast.stmt]
    lifespan: Function | None
    obstacle: tuple[ast.stmt, str] | None

    @property
    def call(self) -> ast.Call:
        """The call that makes the application."""
        assert isinstance(self.making.value, ast.Call)
        return self.making.value

    @property
    def name(self) -> str:
        """The variable that holds the application; "" where it is returned at once."""
        match self.making:
            case ast.Assign(targets=[ast.Name(id=name)]) | ast.AnnAssign(target=ast.Name(id=name)):
                return name
        return ""

    @cached_property
    def _nodes(self) -> set[ast.AST]:
        return {node for statement in self.moved for node in walked(statement)}

    def holds(self, node: ast.AST) -> bool:
        """Does a node stand in what moves?"""
        return node in self._nodes

    def names_read(self) -> set[str]:
        """The names of the factory's own that what moves reads."""
        read = {name for statement in self.moved for name in free(statement)}
        own = bound(self.function.body) | {p.arg for p in self.function.parameters()}
        return read & own - bound(self.moved)


def application_factory(program: Program, function: Function, sites: Sequence[AsyncSite]) -> ApplicationFactory | None:
    """The factory of an application that a function is, by what it has to wait for; None where it is none."""
    making = _making(program, function)
    if making is None or not sites:
        return None
    moved = _moving(program, function, {s.node for s in sites})
    if any(s.node is making.value for s in sites):
        return None  # Another function makes it, which is the factory.
    lifespan, elsewhere = _lifespan(program, making)
    known = elsewhere or _why_not(program, function, making, moved)
    obstacle = _obstacle(program, function, making, moved) or ((moved[0], known) if known else None)
    return ApplicationFactory(function, making, moved, lifespan, obstacle)


def _making(program: Program, function: Function) -> Making | None:
    """The statement that makes the application which a function returns in the end."""
    if not isinstance(function.node, ast.FunctionDef) or function.is_generator or is_test_file(function.source.path):
        return None
    for statement in function.body:
        match statement:
            case (
                ast.Assign(targets=[ast.Name(id=name)], value=ast.Call() as made)
                | ast.AnnAssign(target=ast.Name(id=name), value=ast.Call() as made)
            ) if is_application(program, made) and _returns(function, name):
                return statement
            case ast.Return(value=ast.Call() as made) if is_application(program, made) and _returns(function):
                return statement
    return None


def is_application(program: Program, node: ast.expr) -> bool:
    """Can an expression be an application?"""
    objects = program.interpreter.objects
    return any(isinstance(v, Instance) and objects.is_a(v.cls, APPLICATION) for v in program.values(node))


@once
def registers_handlers(program: Program) -> bool:
    """Does anything register handlers of the start, which an application with a lifespan passes over?"""
    nodes = (n for source in program.sources.values() if not is_test_file(source.path) for n in source.nodes)
    return any(
        (isinstance(n, ast.Attribute) and n.attr in {"on_event", "add_event_handler"})
        or (isinstance(n, ast.keyword) and n.arg in {"on_startup", "on_shutdown"})
        for n in nodes
    )


def _returns(function: Function, name: str = "") -> bool:
    """Does a function return in its last line alone, and there a variable?"""
    last = function.body[-1]
    returned = [n for n in function.own_nodes() if isinstance(n, ast.Return)]
    return returned == [last] and (not name or any(isinstance(n, ast.Name) and n.id == name for n in ast.walk(last)))


def _moving(program: Program, function: Function, waiting: set[ast.expr]) -> list[ast.stmt]:
    """The statements that wait, with those that make the sessions which they alone use."""
    moved = [s for s in function.body if waiting & walked(s)]
    for statement in function.body:
        value = getattr(statement, "value", None)
        if (
            isinstance(statement, ast.Assign)
            and isinstance(value, ast.Call)
            and program.is_session(program.values(value))
        ):
            used = [s for s in function.body if s is not statement and bound([statement]) & free(s)]
            if statement not in moved and used and all(s in moved for s in used):
                moved.append(statement)
    return sorted(moved, key=lambda s: s.lineno)


def bound(statements: Iterable[ast.stmt]) -> set[str]:
    """The names that statements bind in their own scope."""
    return names(n for s in statements for n in _in_scope(s) if not is_read(n))


def free(node: ast.AST) -> set[str]:
    """The names that a node reads from the scope that it stands in, also those that functions in it read."""
    inside = list(_in_scope(node))
    found = names(filter(is_read, inside))
    for function in inside:
        if isinstance(function, FUNCTIONS):
            body = function.body if isinstance(function.body, list) else [ast.Expr(function.body)]
            own = bound(body) | {a.arg for a in ast.walk(function.args) if isinstance(a, ast.arg)}
            found |= {name for part in body for name in free(part)} - own
    return found


def _in_scope(node: ast.AST) -> Iterator[ast.AST]:
    """A node and all in it, but for the bodies of functions."""
    yield node
    bodies = node.body if isinstance(node, FUNCTIONS) else []
    inner = bodies if isinstance(bodies, list) else [bodies]
    for child in ast.iter_child_nodes(node):
        if child not in inner:
            yield from _in_scope(child)


# Why not


def _why_not(program: Program, function: Function, making: Making, moved: Sequence[ast.stmt]) -> str:
    """What speaks against a lifespan of the application's own; "" where nothing does."""
    assert making.value is not None
    made = {v.origin for v in program.values(making.value) if isinstance(v, Instance)}
    if made & mounted(program):
        return "it is mounted on another application, which does not run its lifespan"
    own = {t.id for t in ast.walk(making) if isinstance(t, ast.Name) and isinstance(t.ctx, ast.Store)}
    others = (bound(function.body) | {p.arg for p in function.parameters()}) - own
    is_hidden = isinstance(making, ast.Return) or any(APP in free(s) for s in moved)
    return f"{APP} is something else there" if APP in others and is_hidden else ""


@once
def mounted(program: Program) -> set[str]:
    """The places where applications are made that are mounted on others."""
    nodes = (n for source in program.sources.values() for n in source.nodes if isinstance(n, ast.Call))
    calls = [n for n in nodes if isinstance(n.func, ast.Attribute) and n.func.attr == "mount"]
    given = (a for call in calls for a in (*call.args, *(k.value for k in call.keywords)))
    return {v.origin for a in given for v in program.values(a) if isinstance(v, Instance) and v.origin}


def _obstacle(
    program: Program, function: Function, making: Making, moved: Sequence[ast.stmt]
) -> tuple[ast.stmt, str] | None:
    staying = [s for s in function.body if s not in moved]
    lines = {line for a, b in pairwise(function.body) if a.end_lineno == b.lineno for line in (b.lineno,)}
    needed = {name for s in staying for name in free(s)}
    taken = bound(staying) | {p.arg for p in function.parameters()} | function.globals
    for statement in moved:
        given = bound([statement])
        behind = bound(s for s in staying if s.lineno > statement.lineno)
        if statement is making:
            return statement, "the application is made with it"
        if isinstance(statement, ast.Return):
            return statement, "it is what the function returns"
        if given & needed:
            return statement, f"the rest of the function needs {min(given & needed)}"
        if changed := free(statement) & behind:
            return statement, f"{min(changed)} changes behind it"
        if given & taken or {statement.lineno, statement.end_lineno} & lines or isinstance(statement, DEFINITIONS):
            return statement, "it can't be taken out of the function"
        if _builds(program, statement):
            return statement, "it registers something on the application"
        after = [s for s in staying if s.lineno > statement.lineno]
        if read := {name for s in after for name in _reads(program, s, statement)}:
            return statement, f"the rest of the function reads {min(read)}, which it sets"
    return None


def _reads(program: Program, statement: ast.stmt, moved: ast.stmt) -> set[str]:
    """What a moved statement sets of what it does not make, and another one reads: globals, and objects' attributes."""
    outer = free(moved) & free(statement)
    attributes = {
        node.attr for node in _changed(program, walked(moved)) if _is_attribute(node) and names(ast.walk(node)) & outer
    }
    given = {n for n in walked(moved) if isinstance(n, ast.Call) and names(ast.walk(n)) & outer}
    for function in _reached(program, given):
        attributes |= {node.attr for node in filter(_is_attribute, _changed(program, function.own_nodes()))}
    reading = (*walked(statement), *(n for f in _reached(program, walked(statement)) for n in f.own_nodes()))
    read = {n.attr for n in reading if isinstance(n, ast.Attribute) and isinstance(n.ctx, ast.Load)}
    return attributes & read | _changed_globals(program, moved) & names(filter(is_read, reading))


def _changed_globals(program: Program, moved: ast.stmt) -> set[str]:
    """The globals that a statement, or what it calls, binds again or puts something into."""
    found = {n.id for n in _changed(program, walked(moved)) if isinstance(n, ast.Name)} - bound([moved])
    for function in _reached(program, walked(moved)):
        own = (bound(function.body) | {p.arg for p in function.parameters()}) - function.globals
        changed = {n.id for n in _changed(program, function.own_nodes()) if isinstance(n, ast.Name)}
        found |= (changed - own) | (bound(function.body) & function.globals)
    return found


def _changed(program: Program, nodes: Iterable[ast.AST]) -> Iterator[ast.expr]:
    """The attributes that nodes set, and what they put something into."""
    for node in nodes:
        match node:
            case ast.Attribute(ctx=ast.Store() | ast.Del()):
                yield node
            case ast.Subscript(value=holder, ctx=ast.Store() | ast.Del()):
                yield holder
            case ast.Call(func=ast.Attribute(value=holder, attr=method)) if method in GROWING:
                if not program.is_session(program.values(holder)):
                    yield holder


def _is_attribute(node: ast.expr) -> TypeGuard[ast.Attribute]:
    return isinstance(node, ast.Attribute)


def _builds(program: Program, statement: ast.stmt) -> bool:
    """Does a statement, or what it calls, add to the application what has to be there before it starts?"""
    nodes = walked(statement)
    inside = (n for f in _reached(program, nodes) for n in f.own_nodes())
    return any(_registers(program, n) for n in (*nodes, *inside) if isinstance(n, ast.Call))


def _reached(program: Program, nodes: Iterable[ast.AST]) -> set[Function]:
    """The project's functions that calls among nodes reach, at any depth."""
    reached = {c for n in nodes if isinstance(n, ast.Call) for c in _callees(program, n)}
    pending = list(reached)
    while pending:
        for node in pending.pop().own_nodes():
            new = set(_callees(program, node)) - reached if isinstance(node, ast.Call) else set()
            reached |= new
            pending += new
    return reached


def _callees(program: Program, node: ast.Call) -> Iterator[Function]:
    return (program.function(v.key) for v in program.values(node.func) if isinstance(v, FunctionObject))


def _registers(program: Program, node: ast.Call) -> bool:
    objects = program.interpreter.objects
    return any(
        isinstance(v, External)
        and isinstance(v.receiver, Instance)
        and any(objects.is_a(v.receiver.cls, known) for known in APPLICATIONS)
        and v.name.rpartition(".")[2] not in HARMLESS
        for v in program.values(node.func)
    )


# The lifespan that it has


def _lifespan(program: Program, making: Making) -> tuple[Function | None, str]:
    """The function that is the application's lifespan, if it has one; and why that is not known."""
    assert isinstance(making.value, ast.Call)
    given = next((k.value for k in making.value.keywords if k.arg == "lifespan"), None)
    if given is None:
        is_made_here = not any(_callees(program, making.value))
        return None, ELSEWHERE if any(k.arg is None for k in making.value.keywords) or not is_made_here else ""
    values = program.values(given)
    found = [program.function(v.key) for v in values if isinstance(v, FunctionObject)]
    is_known = len(found) == len(values) == 1 and isinstance(given, ast.Name)
    return (found[0], "") if is_known else (None, ELSEWHERE)
