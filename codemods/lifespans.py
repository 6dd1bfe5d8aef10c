"""What runs when an application starts: its lifespan, or a start-up handler where it has those."""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterator
from typing import TypeAlias

from ..analysis.application_factories import is_application, registers_handlers
from ..analysis.fixtures import is_test_file
from ..analysis.program import Program
from ..analysis.source import Source
from ..analysis.symbols import Function, decorator_name
from ..analysis.values import FunctionObject
from .arguments import change, keyword
from .edit import Edit, Import, Replace
from .imports import request
from .indenting import INDENT
from .references import references
from .top_level import definition_before, free_name, returns_none
from .versions import allows_none

Making: TypeAlias = ast.Assign | ast.AnnAssign
# Lines at an indentation.
Lines: TypeAlias = Callable[[str], str]

# Older ones take any argument that they do not know.
LIFESPAN_SINCE = "0.93"


class Elsewhere(Exception):
    """What runs when the application starts is not written in its module."""


def application(program: Program, source: Source) -> Making | None:
    """The statement of a module's body that makes an application, or has it made."""
    for statement in source.tree.body:
        match statement:
            case ast.Assign(value=ast.Call() as made) | ast.AnnAssign(value=ast.Call() as made):
                if is_application(program, made):
                    return statement
    return None


def is_imported_by_application(program: Program, source: Source) -> bool:
    """Does a module run when an application is imported, which a server does while its event loop is running?"""
    if is_test_file(source.path):
        return False
    known = references(program)
    return any(
        application(program, other) is not None and known.imports(other.path, source.path)
        for other in program.sources.values()
        if not is_test_file(other.path)
    )


def at_start(program: Program, source: Source, made: Making, lines: Lines, name: str) -> tuple[str, list[Edit]]:
    """What is done so that lines run when the application starts, before anything else; `name` is for a handler.

    Raises:
        Elsewhere: its lifespan is not a function of the same file, or it is made elsewhere.
    """
    assert isinstance(made.value, ast.Call)
    given = keyword(made.value, "lifespan")
    if given is not None:
        function = _lifespan_function(program, source, given.value)
        if function is None:
            raise Elsewhere
        return "move it into the lifespan", [_first_statement(function, lines)]
    handler = _startup_handler(source)
    if handler is not None:
        return "run it at start-up", [_new_handler(source, handler, lines, name)]
    if uses_handlers(program):
        return "run it at start-up", [_first_handler(source, made, lines, name)]
    if not _is_made_here(program, made.value):
        raise Elsewhere
    return "create a lifespan for it", list(_new_lifespan(source, made, lines))


def makes_lifespan(program: Program, source: Source, made: Making) -> bool:
    """Will a lifespan be written in front of the application?"""
    assert isinstance(made.value, ast.Call)
    is_new = keyword(made.value, "lifespan") is None and _is_made_here(program, made.value)
    return is_new and not uses_handlers(program)


def _is_made_here(program: Program, call: ast.Call) -> bool:
    """Does a call make an application, rather than a function that it calls?"""
    return not any(isinstance(v, FunctionObject) for v in program.values(call.func))


def uses_handlers(program: Program) -> bool:
    """Does anything register handlers, or does an application know no lifespan?"""
    return allows_none(program, "fastapi", LIFESPAN_SINCE) or registers_handlers(program)


def _lifespan_function(program: Program, source: Source, node: ast.expr) -> Function | None:
    for value in program.values(node):
        if isinstance(value, FunctionObject) and program.function(value.key).source is source:
            return program.function(value.key)
    return None


def _first_statement(function: Function, lines: Lines) -> Edit:
    body = function.body
    source = function.source
    is_documented = isinstance(function.node, ast.AsyncFunctionDef | ast.FunctionDef) and ast.get_docstring(
        function.node
    )
    first = body[1] if is_documented and len(body) > 1 else body[0]
    at = source.offset(first.lineno, 0)
    return Replace(at, at, lines(source.indentation(first)))


def _startup_handler(source: Source) -> ast.stmt | None:
    """The first `@app.on_event("startup")` function of a module."""
    for statement in source.tree.body:
        for decorator in getattr(statement, "decorator_list", ()):
            if decorator_name(decorator) == "on_event" and '"startup"' in source.text(decorator).replace("'", '"'):
                return statement
    return None


def _new_handler(source: Source, before: ast.stmt, lines: Lines, name: str) -> Edit:
    """A handler of its own in front of the first: they run in their order."""
    decorators: list[ast.expr] = getattr(before, "decorator_list", [])
    decorator = next(d for d in decorators if decorator_name(d) == "on_event")
    at = source.offset(min(d.lineno for d in decorators), 0)
    head = f"@{source.text(decorator)}\nasync def {name}(){returns_none(source)}:\n"
    return Replace(at, at, f"{head}{lines(INDENT)}\n\n")


def _first_handler(source: Source, made: Making, lines: Lines, name: str) -> Edit:
    """A start-up handler behind the application: one that knows no lifespan passes over the argument in silence."""
    target = made.targets[0] if isinstance(made, ast.Assign) else made.target
    head = f'@{source.text(target)}.on_event("startup")\nasync def {name}(){returns_none(source)}:\n'
    at = source.span(made)[1]
    behind = source.content[at:].split(b"\n", 2)
    gap = "\n\n" if len(behind) > 1 and behind[1].strip() else ""
    return Replace(at, at, f"\n\n\n{head}{lines(INDENT)}".rstrip("\n") + gap)


def _new_lifespan(source: Source, made: Making, lines: Lines) -> Iterator[Edit]:
    assert isinstance(made.value, ast.Call)
    head, wanted = lifespan_head(source)
    yield from wanted
    name = free_name(source, "lifespan")
    yield definition_before(source, made, f"{head(name)}{lines(INDENT)}{INDENT}yield\n")
    yield from change(source, made.value, [], [f"lifespan={name}"])


def lifespan_head(source: Source, state: str = "None", margin: str = "") -> tuple[Callable[[str], str], list[Import]]:
    """The lines that begin the definition of a lifespan, by its name, and the imports for them."""
    spelled: dict[str, str] = {}
    imports: list[Import] = []
    for module, name in (
        ("contextlib", "asynccontextmanager"),
        ("collections.abc", "AsyncIterator"),
        ("fastapi", "FastAPI"),
    ):
        spelled[name], wanted = request(source, module, name)
        imports += [wanted] if wanted else []

    def head(name: str) -> str:
        parameter, result = f"app: {spelled['FastAPI']}", f"{spelled['AsyncIterator']}[{state}]"
        decorator = f"{margin}@{spelled['asynccontextmanager']}\n"
        return f"{decorator}{margin}async def {name}({parameter}) -> {result}:\n"

    return head, imports
