"""Where a session, connection or engine stays the sync one: in what SQLAlchemy itself calls."""

from __future__ import annotations

import ast

from ..analysis.boundaries import boundary_of
from ..analysis.once import once
from ..analysis.program import Program
from ..analysis.source import Source
from ..analysis.symbols import Function, decorator_name
from ..analysis.values import ClassObject


def is_sync_facade(program: Program, source: Source, node: ast.AST) -> bool:
    """Does a node stand in a function or class that SQLAlchemy itself uses, with its sync objects?"""
    child, parent = node, source.parents.get(node)
    while parent is not None:
        if parent in _sync_classes(program):
            return True
        function = program.interpreter.by_node.get(parent)
        is_outside = child in getattr(parent, "decorator_list", ())
        if function is not None and not is_outside and gets_sync_objects(program, function):
            return True
        child, parent = parent, source.parents.get(parent)
    return False


@once
def _sync_classes(program: Program) -> set[ast.AST]:
    """The classes that are given to a factory as `sync_session_class`."""
    given = [
        keyword.value
        for source in program.sources.values()
        if b"sync_session_class" in source.content
        for node in source.nodes
        if isinstance(node, ast.Call)
        for keyword in node.keywords
        if keyword.arg == "sync_session_class"
    ]
    keys = {v.cls for node in given for v in program.values(node) if isinstance(v, ClassObject)}
    classes = program.interpreter.objects.classes
    return {classes[key].node for key in keys if key in classes}


def gets_sync_objects(program: Program, function: Function) -> bool:
    """Is a function an event listener, or given to `run_sync`?"""
    if function.is_module:
        return False
    if any(decorator_name(d) == "listens_for" for d in function.decorators):
        return True
    boundary = boundary_of(program, function)
    if boundary is not None and boundary.kind == "greenlet":
        return True
    return any(_listens(program, node) for policy, node in program.handed(function) if policy == "sync")


def _listens(program: Program, node: ast.AST) -> bool:
    """Is this `event.listen(…)`?"""
    return isinstance(node, ast.Call) and any(
        getattr(v, "name", "").startswith("sqlalchemy.event.") for v in program.values(node.func)
    )
