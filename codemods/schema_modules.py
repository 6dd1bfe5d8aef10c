"""Schema calls in the bodies of tests and scripts, which are run at once."""

from __future__ import annotations

import ast
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import TypeAlias

from ..analysis.program import Program
from ..analysis.source import Source
from .arguments import argument, keyword
from .edit import Edit, Replace
from .imports import request
from .indenting import INDENT
from .lifespans import application, is_imported_by_application
from .references import bound_values, variable_home
from .schema_calls import SchemaCall, blocks, follows
from .top_level import blank_lines, first_line, free_name, returns_none

# Calls in a row, those on one engine together.
Groups: TypeAlias = Sequence[Sequence[SchemaCall]]

_FUNCTIONS = {"create_all": "create_tables", "drop_all": "drop_tables", "create": "create_table", "drop": "drop_table"}


@dataclass(frozen=True, slots=True)
class Moved:
    """What is done with calls in a module's body."""

    action: str
    edits: list[Edit]


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
    if is_guarded(first.source, first.statement) or not is_imported_by_application(program, first.source):
        return _run_at_once(program, groups, names)
    if application(program, first.source) is None:
        return "an application imports this module while its event loop runs: create the tables in its lifespan"
    return "it depends on a condition of the module's body: move it into the application's lifespan"


def is_guarded(source: Source, statement: ast.stmt) -> bool:
    """Does it stand under `if __name__ == "__main__"`?"""
    node: ast.AST = statement
    while not isinstance(node, ast.Module):
        if isinstance(node, ast.If) and any(
            isinstance(n, ast.Name) and n.id == "__name__" for n in ast.walk(node.test)
        ):
            return True
        node = source.parents[node]
    return False


# Tests and scripts


def _run_at_once(program: Program, groups: Groups, names: set[str]) -> Moved:
    first, source = groups[0][0], groups[0][0].source
    indentation = source.indentation(first.statement)
    name = function_name(source, groups, names)
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


def function_name(source: Source, groups: Groups, names: set[str]) -> str:
    """A name for what makes these calls, added to those that are taken."""
    functions = [call.call.func for group in groups for call in group]
    methods = {function.attr for function in functions if isinstance(function, ast.Attribute)}
    name = _FUNCTIONS.get(methods.pop(), "prepare_tables") if len(methods) == 1 else "recreate_tables"
    free = free_name(source, name, names)
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
