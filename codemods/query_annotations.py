"""Types follow: where a query is now a select, `Query[User]` is `Select[tuple[User]]`."""

from __future__ import annotations

import ast
from collections.abc import Iterable, Iterator

from ..analysis.program import Program
from ..analysis.source import Source
from ..analysis.symbols import Function
from .edit import Edit, Replace, Wrap
from .imports import request


def annotated(source: Source, functions: Iterable[ast.AST]) -> Iterator[tuple[ast.expr, list[Edit]]]:
    """The mentions of Query in the annotations and `isinstance` checks of functions, with the edits of each."""
    written, missing = request(source, "sqlalchemy.orm", "Query")
    if missing is not None:
        return
    for function in functions:
        for node in ast.walk(function):
            for expression in _types(node):
                for part in ast.walk(expression):
                    if isinstance(part, ast.Name | ast.Attribute) and source.text(part) == written:
                        yield part, list(_edits(source, part))


def typed_parameters(program: Program, source: Source) -> Iterator[tuple[Function, ast.arg]]:
    """The parameters of a file's functions whose annotation is Query."""
    written, missing = request(source, "sqlalchemy.orm", "Query")
    for function in program.functions if missing is None else ():
        for parameter in function.parameters() if function.source is source else ():
            annotation = parameter.annotation
            if isinstance(annotation, ast.Subscript):
                annotation = annotation.value
            if annotation is not None and source.text(annotation) == written:
                yield function, parameter


def _types(node: ast.AST) -> Iterator[ast.expr]:
    """The types that a node names."""
    match node:
        case ast.arg(annotation=ast.expr() as annotation) | ast.AnnAssign(annotation=annotation):
            yield annotation
        case ast.FunctionDef(returns=ast.expr() as returns) | ast.AsyncFunctionDef(returns=ast.expr() as returns):
            yield returns
        case ast.Call(func=ast.Name(id="isinstance"), args=[_, types]):
            yield types


def _edits(source: Source, node: ast.expr) -> Iterator[Edit]:
    name, needed = request(source, "sqlalchemy", "Select")
    if needed is not None:
        # Where 1.4 has it too.
        name, needed = request(source, "sqlalchemy.sql", "Select")
    yield Replace(*source.span(node), name)
    if needed is not None:
        yield needed
    parent = source.parents[node]
    if isinstance(parent, ast.Subscript) and parent.value is node:
        start, end = source.span(parent.slice)
        if not source.text(parent.slice).startswith(("tuple[", "Tuple[")):
            yield Wrap(start, end, "tuple[", "]")
