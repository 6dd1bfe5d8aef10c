"""What gives sessions to both sides of the border: engines, session factories, and functions that open sessions."""

from __future__ import annotations

import ast
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass

from ..analysis.border import kept_callees
from ..analysis.once import once
from ..analysis.program import Program
from ..analysis.source import Source
from ..analysis.symbols import Function
from ..analysis.values import Context, Generated, Instance, Many, Value
from .references import imported_file

# What a maker is, or gives.
MADE = (
    "sqlalchemy.Engine",
    "sqlalchemy.Connection",
    "sqlalchemy.orm.Session",
    "sqlalchemy.orm.sessionmaker",
    "sqlalchemy.orm.scoped_session",
)


@dataclass(frozen=True, slots=True)
class Maker:
    """A global of a file, by the file's path, that is or gives a sync session, connection, engine or factory."""

    path: str
    name: str


@dataclass(frozen=True, slots=True)
class Asking:
    """A name of a `from … import` statement that means a maker."""

    source: Source
    statement: ast.ImportFrom
    alias: ast.alias
    maker: Maker


def asking(program: Program, source: Source) -> Iterator[Asking]:
    """The makers that a file imports from others."""
    for node in source.nodes:
        path = imported_file(program, source, node) if isinstance(node, ast.ImportFrom) else None
        if isinstance(node, ast.ImportFrom) and path is not None and path in program.sources:
            for alias in node.names:
                maker = maker_behind(program, path, alias.name)
                if maker is not None and maker.path != source.path:
                    yield Asking(source, node, alias, maker)


def only_goes_back(program: Program, asked: Asking) -> bool:
    """Does all that a file gets from a maker go to functions which stay sync themselves, and is used by these alone?"""
    name = asked.alias.asname or asked.alias.name
    reads = [n for n in asked.source.nodes if isinstance(n, ast.Name) and n.id == name and isinstance(n.ctx, ast.Load)]
    given = [_given_name(asked.source, read) for read in reads]
    return bool(given) and all(g is not None and _only_lent(program, asked.source, g) for g in given)


def _given_name(source: Source, read: ast.Name) -> ast.Name | None:
    """The variable that gets what `maker()` gives."""
    call = source.parents.get(read)
    match source.parents.get(call) if isinstance(call, ast.Call) and call.func is read else None:
        case ast.withitem(optional_vars=ast.Name() as target) | ast.Assign(targets=[ast.Name() as target]):
            return target
    return None


def _only_lent(program: Program, source: Source, target: ast.Name) -> bool:
    function = program.function_at(source, target)
    nodes = function.own_nodes() if function is not None else source.nodes
    reads = [n for n in nodes if isinstance(n, ast.Name) and n.id == target.id and isinstance(n.ctx, ast.Load)]
    calls = [source.parents[n] for n in reads]
    return all(
        isinstance(c, ast.Call) and n in c.args and kept_callees(program, c) for n, c in zip(reads, calls, strict=True)
    )


def maker_behind(program: Program, path: str, name: str, depth: int = 5) -> Maker | None:
    """The maker that a file's global is, wherever it was imported from."""
    source = program.sources[path]
    if definitions(source, name):
        return Maker(path, name) if _is_maker(program, path, name) else None
    for statement in source.tree.body if depth else ():
        if isinstance(statement, ast.ImportFrom):
            origin = imported_file(program, source, statement)
            for alias in statement.names:
                if (alias.asname or alias.name) == name and origin in program.sources:
                    return maker_behind(program, origin, alias.name, depth - 1)
    return None


def with_needed(program: Program, makers: set[Maker]) -> set[Maker]:
    """The makers, and those that they need in turn."""
    found, pending = set(makers), list(makers)
    while pending:
        maker = pending.pop()
        for statement in definitions(program.sources[maker.path], maker.name):
            for name in loaded(statement):
                other = maker_behind(program, maker.path, name)
                if other is not None and other not in found:
                    found.add(other)
                    pending.append(other)
    return found


def definitions(source: Source, name: str) -> list[ast.stmt]:
    """The statements of a file's top level that give a global its value, imports left out."""
    return _definitions(source).get(name, [])


@once
def _definitions(source: Source) -> dict[str, list[ast.stmt]]:
    found: defaultdict[str, list[ast.stmt]] = defaultdict(list)
    for statement in source.tree.body:
        for name in bound(statement):
            found[name].append(statement)
    return found


def bound(statement: ast.stmt) -> set[str]:
    """The names that a statement of the top level binds, but by an import."""
    if isinstance(statement, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
        return {statement.name}
    return {n.id for n in ast.walk(statement) if isinstance(n, ast.Name) and isinstance(n.ctx, ast.Store)}


def loaded(statement: ast.stmt) -> set[str]:
    """The names that are read anywhere in a statement."""
    return {n.id for n in ast.walk(statement) if isinstance(n, ast.Name) and isinstance(n.ctx, ast.Load)}


def listeners(source: Source, engines: set[str]) -> list[ast.stmt]:
    """The statements of a file's top level that hang listeners on some of its globals."""
    return [s for s in source.tree.body if any(_listens(call, engines) for call in _outer_calls(s))]


def _outer_calls(statement: ast.stmt) -> list[ast.expr]:
    match statement:
        case ast.FunctionDef(decorator_list=decorators):
            return decorators
        case ast.Expr(value=value):
            return [value]
    return []


def _listens(call: ast.expr, engines: set[str]) -> bool:
    match call:
        case ast.Call(func=ast.Attribute(attr="listens_for" | "listen") | ast.Name(id="listens_for" | "listen")):
            return any(isinstance(arg, ast.Name) and arg.id in engines for arg in call.args)
    return False


def _is_maker(program: Program, path: str, name: str) -> bool:
    function = program.interpreter.symbols.functions.get(f"{path}::{name}")
    if function is not None:
        return not function.is_async and _gives(program, function)
    if any(_depends(program, path, statement) for statement in definitions(program.sources[path], name)):
        return True
    return any(_is_made(program, value) for value in program.interpreter.store.peek("global", path, name))


def _depends(program: Program, path: str, statement: ast.stmt) -> bool:
    """Does a statement name what depends on a maker: `Annotated[Session, Depends(get_db)]`?"""
    if not isinstance(statement, ast.Assign | ast.AnnAssign):
        return False
    calls = [
        n for n in ast.walk(statement) if isinstance(n, ast.Call) and _last_name(n.func) in {"Depends", "Security"}
    ]
    given = [arg for call in calls for arg in call.args if isinstance(arg, ast.Name)]
    return any(maker_behind(program, path, arg.id) is not None for arg in given)


def _last_name(node: ast.expr) -> str:
    return node.attr if isinstance(node, ast.Attribute) else getattr(node, "id", "")


def _gives(program: Program, function: Function) -> bool:
    """Does a function return or yield a session that it was not given?"""
    store = program.interpreter.store
    given = [v for p in function.parameters() for v in program.parameter(function, p.arg) if _is_made(program, v)]
    found = store.peek("return", function.key) | store.peek("yield", function.key)
    return not given and any(_is_made(program, value) for value in found)


def _is_made(program: Program, value: Value) -> bool:
    match value:
        case Instance(cls=cls):
            return any(program.interpreter.objects.is_a(cls, base) for base in MADE)
        case Generated(items=items) | Context(items=items) | Many(items=items):
            return any(_is_made(program, item) for item in items)
    return False
