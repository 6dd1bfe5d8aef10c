"""Where the class of objects is named that are told apart by the place where they are made."""

from __future__ import annotations

import ast
from collections.abc import Collection, Iterator
from typing import TYPE_CHECKING

from .library import library
from .source import Source
from .values import NOTHING, ClassObject, Instance, Many, Table, Values

if TYPE_CHECKING:
    from .program import Program


def class_names(program: Program, origins: Collection[str]) -> Iterator[tuple[Source, ast.expr, str]]:
    """Where objects are made, and the annotations of what holds them: file, name, and the class that it names.

    Only classes with another one that stands for them on the event loop are given.
    """
    for source in program.sources.values():
        for node in source.nodes:
            match node:
                case ast.Name() | ast.Attribute() if f"{source.path}:{node.lineno}:{node.col_offset}" in origins:
                    yield from _named(program, source, node)
                case ast.AnnAssign(target=target, annotation=annotation, value=value):
                    own = program.values(value) if value else NOTHING
                    if holds(own | program.values(target) | _variable(program, source, target), origins):
                        yield from _all_named(program, source, annotation)
                case ast.arg(annotation=ast.expr() as annotation):
                    if holds(_parameter(program, source, node), origins):
                        yield from _all_named(program, source, annotation)


def holds(values: Values, origins: Collection[str]) -> bool:
    """Can this be an object of one of the origins, or a container of such?"""
    return any(
        holds(v.items, origins) if isinstance(v, Many | Table) else isinstance(v, Instance) and v.origin in origins
        for v in values
    )


def _parameter(program: Program, source: Source, node: ast.arg) -> Values:
    definition = source.parents[source.parents[node]]
    return program.parameter(program.interpreter.by_node[definition], node.arg)


def _variable(program: Program, source: Source, target: ast.expr) -> Values:
    """All that a global or an attribute holds."""
    match target:
        case ast.Name(id=name):
            return program.interpreter.store.peek("global", source.path, name)
        case ast.Attribute(value=owner, attr=name):
            classes = [v.cls for v in program.values(owner) if isinstance(v, Instance)]
            return frozenset(v for c in classes for v in program.interpreter.store.peek("instance", c, name))
    return NOTHING


def _named(program: Program, source: Source, node: ast.expr) -> Iterator[tuple[Source, ast.expr, str]]:
    for value in program.values(node):
        known = library().classes.get(value.cls) if isinstance(value, ClassObject) else None
        if known is not None and known.on_loop:
            yield source, node, known.name


def _all_named(program: Program, source: Source, node: ast.expr) -> Iterator[tuple[Source, ast.expr, str]]:
    for part in ast.walk(node):
        if isinstance(part, ast.Name | ast.Attribute):
            yield from _named(program, source, part)
