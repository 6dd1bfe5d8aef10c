"""How what runs through a generator is written once that is asynchronous."""

from __future__ import annotations

import ast
from collections.abc import Iterator

from ..analysis.source import Source
from .awaiting import list_instead_of_generator, wrap_await
from .blocks import own_lines
from .edit import Edit, Replace, Wrap
from .imports import request
from .indenting import INDENT

METHODS = {"close": "aclose", "throw": "athrow", "send": "asend"}
DISPLAYS = {"list": ("[", "]"), "set": ("{", "}")}


def async_for(source: Source, node: ast.expr) -> Iterator[Edit]:
    """The edits that loop over an expression with `async for`, in a statement or a comprehension."""
    parent = source.parents.get(node)
    if isinstance(parent, ast.comprehension):
        yield from _async_comprehension(source, parent)
    else:
        assert isinstance(parent, ast.For)
        start = source.span(parent)[0]
        yield Replace(start, start, "async ")


def _async_comprehension(source: Source, comprehension: ast.comprehension) -> Iterator[Edit]:
    target = source.span(comprehension.target)[0]
    start = source.content.rindex(b"for", 0, target)
    yield Replace(start, start, "async ")
    yield from list_instead_of_generator(source, comprehension.target)


def take_next(source: Source, node: ast.Call, name: str = "") -> Iterator[Edit]:
    """`next(rows)` -> `await anext(rows)`; with a name for the generator that is made here."""
    yield Replace(*source.span(node.func), "anext")
    yield from wrap_await(source, node)
    if name:
        statement, made = source.parents[node], node.args[0]
        assert isinstance(statement, ast.stmt)
        start = source.span(statement)[0]
        yield Replace(start, start, f"{name} = {source.text(made)}\n{source.indentation(statement)}")
        yield Replace(*source.span(made), name)


def entered(source: Source, node: ast.Call) -> Iterator[Edit]:
    """`with next(get_db()) as db:` -> `async with asynccontextmanager(get_db)() as db:`, which ends the generator."""
    made = node.args[0]
    assert isinstance(made, ast.Call)
    manager, wanted = request(source, "contextlib", "asynccontextmanager", at=node)
    end = source.span(made.func)[1]
    yield Replace(source.span(node)[0], source.span(made.func)[0], f"{manager}(")
    yield Replace(end, end, ")")
    yield Replace(source.span(made)[1], source.span(node)[1], "")
    if wanted:
        yield wanted


def kept_generator(source: Source, node: ast.Call) -> str:
    """The name for the generator in `db = next(get_db())`; "" where it has one.

    A sync generator that nobody holds ends at once. An async one is ended by a task of its own, while what it gave is
    in use.
    """
    statement = source.parents.get(node)
    target = statement.targets[0] if isinstance(statement, ast.Assign) else getattr(statement, "target", None)
    if isinstance(node.args[0], ast.Call) and isinstance(target, ast.Name | ast.Attribute):
        return f"{source.text(target)}_generator"
    return ""


def call_method(source: Source, node: ast.Call) -> Iterator[Edit]:
    """`rows.close()` -> `await rows.aclose()`."""
    assert isinstance(node.func, ast.Attribute)
    end = source.span(node.func)[1]
    yield Replace(end - len(node.func.attr), end, METHODS[node.func.attr])
    yield from wrap_await(source, node)


def collect(source: Source, node: ast.expr) -> Iterator[Edit]:
    """`list(rows())` -> `[row async for row in rows()]`, and the like in front of whatever else wants an iterable."""
    call = source.parents.get(node)
    start, end = source.span(node)
    if isinstance(call, ast.Call) and isinstance(call.func, ast.Name) and call.args == [node] and not call.keywords:
        opening, closing = DISPLAYS.get(call.func.id, ("", ""))
        if opening:
            yield Replace(source.span(call)[0], start, f"{opening}item async for item in ")
            yield Replace(end, source.span(call)[1], closing)
            yield from list_instead_of_generator(source, call)
            return
    yield Wrap(start, end, "[item async for item in ", "]")
    yield from list_instead_of_generator(source, node)


def yield_from(source: Source, node: ast.YieldFrom, is_async: bool) -> Iterator[Edit]:
    """`yield from rows()` -> a loop, which an async generator can't do without."""
    statement = source.parents.get(node)
    assert isinstance(statement, ast.Expr)
    value = source.span(node.value)
    margin, breaks = own_lines(source, statement)
    yield from breaks
    name = _free_name(source, node)
    keyword = "async for" if is_async else "for"
    yield Replace(source.span(statement)[0], value[0], f"{keyword} {name} in ")
    yield Replace(value[1], source.span(statement)[1], f":\n{margin}{INDENT}yield {name}")


def _free_name(source: Source, node: ast.AST) -> str:
    """A name that the function around a node does not use."""
    scope: ast.AST = node
    while not isinstance(scope, ast.FunctionDef):
        scope = source.parents[scope]
    taken = {n.id if isinstance(n, ast.Name) else n.arg for n in ast.walk(scope) if isinstance(n, ast.Name | ast.arg)}
    return next(name for name in ("item", "each", "yielded", f"{scope.name}_item") if name not in taken)
