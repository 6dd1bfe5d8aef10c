"""Schema calls in a module's body: run at once in tests and scripts, in the lifespan of an application."""

from __future__ import annotations

import ast
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import TypeAlias

from ..analysis.fixtures import is_test_file
from ..analysis.program import Program
from ..analysis.source import Source
from ..analysis.symbols import Function, decorator_name
from ..analysis.values import FunctionObject, Instance
from .arguments import argument, change, keyword
from .edit import Edit, Replace
from .imports import request
from .indenting import INDENT
from .references import bound_values, references, variable_home
from .schema_calls import SchemaCall, blocks, follows
from .scopes import scopes
from .top_level import blank_lines, definition_before, first_line, returns_none
from .versions import allows_none

# Calls in a row, those on one engine together.
Groups: TypeAlias = Sequence[Sequence[SchemaCall]]

APPLICATION = "fastapi.FastAPI"
# Older ones take any argument that they do not know.
LIFESPAN_SINCE = "0.93"
AT_STARTUP = (
    "the tables are created when the application starts, no longer when it is imported; a test client that is not"
    " entered as a context manager does not start it"
)
_FUNCTIONS = {"create_all": "create_tables", "drop_all": "drop_tables", "create": "create_table", "drop": "drop_table"}


@dataclass(frozen=True, slots=True)
class Moved:
    """What is done with calls in a module's body."""

    action: str
    edits: list[Edit]
    concern: str = ""


def in_a_row(groups: Iterable[list[SchemaCall]]) -> Iterator[list[list[SchemaCall]]]:
    """The groups whose statements follow each other, together."""
    row: list[list[SchemaCall]] = []
    for group in groups:
        if row and not follows(row[-1][-1], group[0]):
            yield row
            row = []
        row.append(group)
    if row:
        yield row


def at_import(program: Program, groups: Groups, names: set[str]) -> Moved | str:
    """The edits for calls in a module's body, or why there are none; `names` are those of functions made before."""
    first = groups[0][0]
    calls = [call for group in groups for call in group]
    if any(call.is_connection or not isinstance(call.statement, ast.Expr) for call in calls):
        return "a module's body runs when it is imported, outside any event loop: move it into an async function"
    if _is_guarded(first) or not _is_imported_by_application(program, first.source):
        return _run_at_once(program, groups, names)
    made = _application(program, first.source)
    if made is None:
        return "an application imports this module while its event loop runs: create the tables in its lifespan"
    if not isinstance(first.source.parents[first.statement], ast.Module):
        return "it depends on a condition of the module's body: move it into the application's lifespan"
    return _in_lifespan(program, groups, made, names)


def _is_guarded(item: SchemaCall) -> bool:
    """Does it stand under `if __name__ == "__main__"`?"""
    node: ast.AST = item.statement
    while not isinstance(node, ast.Module):
        if isinstance(node, ast.If) and any(
            isinstance(n, ast.Name) and n.id == "__name__" for n in ast.walk(node.test)
        ):
            return True
        node = item.source.parents[node]
    return False


# Tests and scripts


def _run_at_once(program: Program, groups: Groups, names: set[str]) -> Moved:
    first, source = groups[0][0], groups[0][0].source
    indentation = source.indentation(first.statement)
    name = _function_name(source, groups, names)
    gap = "\n" if indentation else "\n\n"
    asyncio, wanted = request(source, "asyncio", None, at=first.statement)
    text = f"async def {name}(){returns_none(source)}:\n{blocks(program, groups, indentation + INDENT)}"
    text += "".join(_disposals(program, groups, indentation + INDENT))
    text += f"{gap}{indentation}{asyncio}.run({name}())"
    start, end = source.span(first.statement)[0], source.span(groups[-1][-1].statement)[1]
    edits: list[Edit] = [Replace(start, end, text), *([wanted] if wanted else [])]
    if not indentation:
        line = first_line(source, first.statement)
        at = source.offset(line, 0)
        edits.append(Replace(at, at, blank_lines(source, line)))
    return Moved("run it with asyncio.run", edits)


def _function_name(source: Source, groups: Groups, names: set[str]) -> str:
    """A name for a new function, added to those that are taken."""
    functions = [call.call.func for group in groups for call in group]
    methods = {function.attr for function in functions if isinstance(function, ast.Attribute)}
    name = _FUNCTIONS.get(methods.pop(), "prepare_tables") if len(methods) == 1 else "recreate_tables"
    taken = names | {n for scope in scopes(source).all for n in (*scope.others, *(i.local for i in scope.imports))}
    number = 2
    free = name
    while free in taken:
        free, number = f"{name}_{number}", number + 1
    names.add(free)
    return free


def _disposals(program: Program, groups: Groups, indentation: str) -> Iterator[str]:
    """Connections belong to the loop that ends here; a database in memory lives in its connection, and stays."""
    engines = {call.source.text(call.target): call for group in groups for call in group}
    for engine, call in engines.items():
        memory = _is_in_memory(program, call.source, call.target)
        if memory is None:
            yield f'{indentation}if {engine}.dialect.name != "sqlite":\n{indentation}{INDENT}await {engine}.dispose()\n'
        elif not memory:
            yield f"{indentation}await {engine}.dispose()\n"


def _is_in_memory(program: Program, source: Source, target: ast.expr) -> bool | None:
    """Is the engine's database in memory? None where its URL is not written in the project."""
    for call in _assigned(program, source, target):
        url = argument(call, "url") if isinstance(call, ast.Call) else None
        pool = keyword(call, "poolclass") if isinstance(call, ast.Call) else None
        if pool is not None and source.text(pool.value).endswith("StaticPool"):
            return True
        for text in _assigned(program, source, url) if url is not None else ():
            if isinstance(text, ast.Constant) and isinstance(text.value, str):
                return text.value.endswith((":memory:", "://")) or "mode=memory" in text.value
    return None


def _assigned(program: Program, source: Source, node: ast.expr) -> list[ast.expr]:
    """What a name stands for, in the same file; any other expression stands for itself."""
    if not isinstance(node, ast.Name):
        return [node]
    home = variable_home(program, source, node)
    if home is None or home[0] is not source:
        return []
    return bound_values(program, home[1], home[2]) or []


# Applications


def _is_imported_by_application(program: Program, source: Source) -> bool:
    if is_test_file(source.path):
        return False
    known = references(program)
    return any(
        _application(program, other) is not None and known.imports(other.path, source.path)
        for other in program.sources.values()
        if not is_test_file(other.path)
    )


def _application(program: Program, source: Source) -> ast.Assign | ast.AnnAssign | None:
    """The statement of a module's body that makes an application."""
    for statement in source.tree.body:
        match statement:
            case ast.Assign(value=ast.Call() as made) | ast.AnnAssign(value=ast.Call() as made):
                if _is_application(program, made):
                    return statement
    return None


def _is_application(program: Program, made: ast.expr) -> bool:
    objects = program.interpreter.objects
    return any(isinstance(v, Instance) and objects.is_a(v.cls, APPLICATION) for v in program.values(made))


def _in_lifespan(program: Program, groups: Groups, made: ast.Assign | ast.AnnAssign, names: set[str]) -> Moved | str:
    source = groups[0][0].source
    assert isinstance(made.value, ast.Call)
    edits = list(_taken_out(source, groups))
    given = keyword(made.value, "lifespan")
    if given is not None:
        function = _lifespan_function(program, source, given.value)
        if function is None:
            return "the application's lifespan stands elsewhere: create the tables there"
        return Moved("move it into the lifespan", [*edits, *_first_statement(program, function, groups)], AT_STARTUP)
    handler = _startup_handler(source)
    if handler is not None:
        return Moved("run it at start-up", [*edits, *_new_handler(program, handler, groups, names)], AT_STARTUP)
    if allows_none(program, "fastapi", LIFESPAN_SINCE):
        return Moved("run it at start-up", [*edits, *_first_handler(program, groups, made, names)], AT_STARTUP)
    edits = list(_taken_out(source, groups, first_line(source, made)))
    return Moved("create a lifespan for it", [*edits, *_new_lifespan(program, groups, made)], AT_STARTUP)


def _taken_out(source: Source, groups: Groups, definition: int = 0) -> Iterator[Edit]:
    """The statements go, with the comment above them and one of two blank lines around them.

    All of those above go where a definition, which brings its own, comes to stand on the line right behind them.
    """
    start = source.offset(first_line(source, groups[0][0].statement), 0)
    end = source.content.find(b"\n", source.span(groups[-1][-1].statement)[1])
    end = end + 1 if end >= 0 else len(source.content)
    while definition and end == source.offset(definition, 0) and source.content[:start].endswith(b"\n\n"):
        start -= 1
    while source.content[end : end + 1] in {b"\n", b"\r"} and source.content[:start].endswith((b"\n\n", b"\n\r\n")):
        end += 1
    yield Replace(start, end, "")


def _commented(program: Program, groups: Groups, indentation: str) -> str:
    """The calls in their new place, under the comment that stood above them."""
    source, first = groups[0][0].source, groups[0][0].statement
    comment = source.content.decode().splitlines()[first_line(source, first) - 1 : first.lineno - 1]
    return "".join(f"{indentation}{line}\n" for line in comment) + blocks(program, groups, indentation)


def _lifespan_function(program: Program, source: Source, node: ast.expr) -> Function | None:
    for value in program.values(node):
        if isinstance(value, FunctionObject) and program.function(value.key).source is source:
            return program.function(value.key)
    return None


def _first_statement(program: Program, function: Function, groups: Groups) -> Iterator[Edit]:
    body = function.body
    source = function.source
    is_documented = isinstance(function.node, ast.AsyncFunctionDef | ast.FunctionDef) and ast.get_docstring(
        function.node
    )
    first = body[1] if is_documented and len(body) > 1 else body[0]
    at = source.offset(first.lineno, 0)
    yield Replace(at, at, _commented(program, groups, source.indentation(first)))


def _startup_handler(source: Source) -> ast.stmt | None:
    """The first `@app.on_event("startup")` function of a module."""
    for statement in source.tree.body:
        for decorator in getattr(statement, "decorator_list", ()):
            if decorator_name(decorator) == "on_event" and '"startup"' in source.text(decorator).replace("'", '"'):
                return statement
    return None


def _new_handler(program: Program, before: ast.stmt, groups: Groups, names: set[str]) -> Iterator[Edit]:
    """A handler of its own in front of the first: they run in their order."""
    source = groups[0][0].source
    decorators: list[ast.expr] = getattr(before, "decorator_list", [])
    decorator = next(d for d in decorators if decorator_name(d) == "on_event")
    at = source.offset(min(d.lineno for d in decorators), 0)
    name = _function_name(source, groups, names)
    head = f"@{source.text(decorator)}\nasync def {name}(){returns_none(source)}:\n"
    yield Replace(at, at, f"{head}{_commented(program, groups, INDENT)}\n\n")


def _first_handler(
    program: Program, groups: Groups, made: ast.Assign | ast.AnnAssign, names: set[str]
) -> Iterator[Edit]:
    """A start-up handler behind the application: one that knows no lifespan passes over the argument in silence."""
    source = groups[0][0].source
    target = made.targets[0] if isinstance(made, ast.Assign) else made.target
    name = _function_name(source, groups, names)
    head = f'@{source.text(target)}.on_event("startup")\nasync def {name}(){returns_none(source)}:\n'
    at = source.span(made)[1]
    yield Replace(at, at, f"\n\n\n{head}{_commented(program, groups, INDENT)}".rstrip("\n"))


def _new_lifespan(program: Program, groups: Groups, made: ast.Assign | ast.AnnAssign) -> Iterator[Edit]:
    source = groups[0][0].source
    assert isinstance(made.value, ast.Call)
    spelled = {}
    for module, name in (
        ("contextlib", "asynccontextmanager"),
        ("collections.abc", "AsyncIterator"),
        ("fastapi", "FastAPI"),
    ):
        spelled[name], wanted = request(source, module, name)
        if wanted is not None:
            yield wanted
    name = "lifespan"
    while any(scope.binds(name) for scope in scopes(source).all):
        name = f"{name}_"
    text = (
        f"@{spelled['asynccontextmanager']}\n"
        f"async def {name}(app: {spelled['FastAPI']}) -> {spelled['AsyncIterator']}[None]:\n"
        f"{_commented(program, groups, INDENT)}{INDENT}yield\n"
    )
    yield definition_before(source, made, text)
    yield from change(source, made.value, [], [f"lifespan={name}"])
