"""Scripts: module bodies that open sessions and send queries, and what of them can move into a `main()` that awaits.

That is the body of the guard `if __name__ == "__main__":`, or, in a file that nothing imports, the statements from the
first that waits to the last.
"""

from __future__ import annotations

import ast
import builtins
import sys
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

from .fixtures import is_test_file
from .once import once
from .symbols import Function, dotted
from .values import External, Instance

if TYPE_CHECKING:
    from .async_sites import AsyncSite
    from .program import Program

NAMES = ("main", "run", "run_script", "main_coroutine")
DEFINITIONS = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)
# What starts a loop of its own, or serves until it is stopped.
LOOPS = {"uvicorn", "asyncio", "anyio", "trio", "hypercorn", "gunicorn", "granian"}
APPLICATIONS = {"fastapi.FastAPI", "fastapi.APIRouter"}


@dataclass(frozen=True, eq=False)
class Script:
    """Statements that move into a coroutine function; `guard` is the one around them, where there is one."""

    body: Sequence[ast.stmt]
    guard: ast.If | None
    name: str
    globals: Sequence[str]

    @cached_property
    def _nodes(self) -> set[ast.AST]:
        return {node for statement in self.body for node in ast.walk(statement)}

    def holds(self, node: ast.AST) -> bool:
        """Does a node stand in what moves?"""
        return node in self._nodes


def script(program: Program, function: Function, sites: Sequence[AsyncSite]) -> Script | None:
    """What moves of a module's body; None where it stays, or where `asyncio.run` around a call will do."""
    hard = [s for s in sites if not _stands_alone(function, s)]
    for guard, block in _blocks(program, function):
        found = _moved(program, function, block, guard, {s.node for s in sites})
        moved = [s for s in sites if found and found.holds(s.node)]
        if set(hard) <= set(moved) and (hard or (len(moved) > 1 and any(s.kind == "await" for s in moved))):
            return found
    return None


def _blocks(program: Program, function: Function) -> Iterator[tuple[ast.If | None, list[ast.stmt]]]:
    for statement in function.body:
        match statement:
            case ast.If(test=test, body=body, orelse=[]) if _is_guard(statement) and body[0].lineno > test.lineno:
                yield statement, body
    is_used = function.source.path in imported_files(program) or is_test_file(function.source.path)
    if not is_used and not any(_makes_application(program, node) for node in function.own_nodes()):
        yield None, function.body


def _is_guard(node: ast.AST | None) -> bool:
    """Is this `if __name__ == "__main__":`?"""
    return isinstance(node, ast.If) and any(isinstance(n, ast.Name) and n.id == "__name__" for n in ast.walk(node.test))


def _makes_application(program: Program, node: ast.AST) -> bool:
    objects = program.interpreter.objects
    made = program.values(node) if isinstance(node, ast.Call) else ()
    return any(isinstance(v, Instance) and objects.is_a(v.cls, known) for v in made for known in APPLICATIONS)


def _stands_alone(function: Function, site: AsyncSite) -> bool:
    """Can a site be run with `asyncio.run` where it stands?"""
    if site.kind == "await":
        return site.callee is not None
    statement = function.source.parents[site.node]
    around = function.source.parents.get(statement)
    is_statement = isinstance(statement, ast.Expr) and (around is function.node or _is_guard(around))
    return site.kind == "schema" and is_statement


def _moved(
    program: Program, function: Function, block: list[ast.stmt], guard: ast.If | None, nodes: set[ast.expr]
) -> Script | None:
    """What moves of a block, without the definitions in it and what stands in front of them."""
    waiting = [index for index, statement in enumerate(block) if nodes & walked(statement)]
    defining = [i for i, s in enumerate(block) if isinstance(s, DEFINITIONS) and waiting and i < waiting[-1]]
    start = max(defining, default=-1) + 1
    waiting = [index for index in waiting if index >= start]
    if not waiting:
        return None
    first, last = start if guard else _from(program, block, start, waiting[0]), _to(block, waiting)
    body = block[first : last + 1]
    around = [*block[max(first - 1, 0) : first], *block[last + 1 : last + 2]]
    if not (guard or first) or any({s.lineno, s.end_lineno} & {body[0].lineno, body[-1].end_lineno} for s in around):
        return None
    inside = {node for statement in body for node in walked(statement)}
    bound = _bound(body)
    used = _used(program, function, inside) & bound
    behind = {n.id for s in _behind(function, body, guard) for n in ast.walk(s) if isinstance(n, ast.Name)}
    if behind & bound or _annotated(body) & used or any(n.startswith("__") for n in bound):
        return None
    if not all(_is_movable(program, node) for node in inside):
        return None
    taken = names(function.source.nodes)
    return Script(body, guard, next((n for n in NAMES if n not in taken), "main_"), sorted(used))


def _from(program: Program, block: list[ast.stmt], start: int, first: int) -> int:
    """Where the statements begin that belong together: the session that they use is opened with them."""
    while first > start:
        before = block[first - 1]
        bound = _bound([before])
        value = getattr(before, "value", None)
        opens = (
            isinstance(before, ast.Assign) and isinstance(value, ast.Call) and program.is_session(program.values(value))
        )
        if not bound or not (opens or bound & _bound(block[first:])) or isinstance(before, ast.Import | ast.ImportFrom):
            break
        first -= 1
    return first


def _to(block: list[ast.stmt], waiting: list[int]) -> int:
    """Where they end: plain statements behind the last that waits are part of them."""
    last = waiting[-1]
    bound = _bound(block[waiting[0] : last + 1])
    while last + 1 < len(block) and _is_plain(block[last + 1], bound):
        last += 1
    return last


def _is_plain(statement: ast.stmt, bound: set[str]) -> bool:
    """Does a statement call nothing but builtins, the standard library, and what the script has made?"""
    if isinstance(statement, (*DEFINITIONS, ast.Import, ast.ImportFrom)):
        return False
    roots = [dotted(n.func).partition(".")[0] for n in ast.walk(statement) if isinstance(n, ast.Call)]
    known = (bound | set(vars(builtins)) | sys.stdlib_module_names) - LOOPS
    return all(root in known for root in roots)


def _is_movable(program: Program, node: ast.AST) -> bool:
    match node:
        case ast.ImportFrom(names=names):
            return all(a.name != "*" for a in names)
        case ast.FunctionDef() | ast.AsyncFunctionDef() | ast.ClassDef():
            return False
        case ast.Call(func=func):
            called = {v.name for v in program.values(func) if isinstance(v, External)} | {dotted(func)}
            return not any(name.partition(".")[0] in LOOPS and name.endswith(".run") for name in called)
    return True


def _behind(function: Function, body: Sequence[ast.stmt], guard: ast.If | None) -> list[ast.stmt]:
    """The statements that run later: of the module, and of the guard."""
    found: list[ast.stmt] = []
    for block in [function.body, *([guard.body] if guard else [])]:
        last = guard if guard in block and guard is not None else body[-1]
        found += block[block.index(last) + 1 :] if last in block else []
    return found


def _used(program: Program, function: Function, inside: set[ast.AST]) -> set[str]:
    """The names that the rest of the file means: those bound outside of what moves, or read by its functions."""
    found = names(n for n in function.own_nodes() if n not in inside and not is_read(n))
    for other in program.functions:
        if other.source is function.source and not other.is_module:
            found |= names(filter(is_read, other.own_nodes())) - _own_names(other)
    return found


def _own_names(function: Function) -> set[str]:
    """What a function binds itself, or a function around it."""
    found: set[str] = set()
    current: Function | None = function
    while current is not None and not current.is_module:
        found |= {a.arg for a in current.parameters()}
        found |= names(n for n in current.own_nodes() if not is_read(n)) - current.globals
        current = current.parent
    return found


def is_read(node: ast.AST) -> bool:
    return isinstance(node, ast.Name) and isinstance(node.ctx, ast.Load)


def names(nodes: Iterable[ast.AST]) -> set[str]:
    found: set[str] = set()
    for node in nodes:
        match node:
            case (
                ast.Name(id=name)
                | ast.FunctionDef(name=name)
                | ast.AsyncFunctionDef(name=name)
                | ast.ClassDef(name=name)
            ):
                found.add(name)
            case ast.alias(name=name, asname=alias):
                found.add(alias or name.partition(".")[0])
    return found


def _bound(body: Iterable[ast.stmt]) -> set[str]:
    nodes = [node for statement in body for node in walked(statement)]
    return names(n for n in nodes if not is_read(n))


def _annotated(body: Iterable[ast.stmt]) -> set[str]:
    return {s.target.id for s in body if isinstance(s, ast.AnnAssign) and isinstance(s.target, ast.Name)}


def walked(statement: ast.stmt) -> set[ast.AST]:
    return set(ast.walk(statement))


@once
def imported_files(program: Program) -> set[str]:
    """The project's files that another one imports."""
    modules = program.interpreter.modules
    found: set[str | None] = set()
    for path, source in program.sources.items():
        for node in source.nodes:
            match node:
                case ast.Import(names=names):
                    found |= {modules.absolute(a.name, path) for a in names}
                case ast.ImportFrom(module=module, level=level, names=names):
                    name = module or ""
                    base = modules.relative(level, name, path) if level else modules.absolute(name, path)
                    found |= {base, *(modules.child(base, a.name) for a in names if base)}
    return {path for path in found if path}
