"""The project's own classes derived from `TestClient`: derived from `AsyncClient` then."""

from __future__ import annotations

import ast
from collections.abc import Iterator

from ..analysis.clients import CLIENT
from ..analysis.decisions import Decision, Status
from ..analysis.program import Program
from ..analysis.source import Source
from ..analysis.symbols import Class, Function
from ..analysis.values import ClassObject, Instance
from .client_making import is_understood
from .client_uses import decision
from .edit import Edit, Replace
from .imports import request

NOT_UNDERSTOOD = "its arguments are not written out; make the AsyncClient by hand"


def class_decisions(program: Program) -> Iterator[Decision]:
    """A decision for each base, and for each call of its constructor."""
    clients = program.colours.clients
    for cls in program.interpreter.objects.classes.values():
        if not clients.is_converted(frozenset({Instance(cls.key)})):
            continue
        for base in cls.node.bases:
            if ClassObject(CLIENT) in program.values(base):
                yield decision(cls.scope, base, "class", "derive the client from AsyncClient")
                yield from _constructor(cls)


def _constructor(cls: Class) -> Iterator[Decision]:
    if "__init__" in cls.methods and not _passes_on(cls.methods["__init__"]):
        function = cls.methods["__init__"]
        for node in function.own_nodes():
            match node:
                case ast.Call(func=ast.Attribute(value=ast.Call(func=ast.Name(id="super")), attr="__init__")):
                    if is_understood(node):
                        yield decision(function, node, "make", "give AsyncClient its own arguments")
                    else:
                        yield decision(function, node, "", "left as it is", Status.DECLINED, NOT_UNDERSTOOD)


def has_own_constructor(program: Program, node: ast.Call) -> bool:
    """Does a call make a client of a class whose `__init__` has parameters of its own?"""
    objects = program.interpreter.objects
    made = [v.cls for v in program.values(node.func) if isinstance(v, ClassObject)]
    constructors = [objects.method(cls, "__init__") for cls in made]
    return any(function is not None and not _passes_on(function) for function in constructors)


def _passes_on(function: Function) -> bool:
    """Does a constructor hand all that it is given to TestClient's?"""
    arguments = function.arguments
    if arguments is None or len(function.parameters()) != 1:
        return False
    handed = [a.arg for a in (arguments.vararg, arguments.kwarg) if a is not None]
    for node in function.own_nodes():
        match node:
            case ast.Call(
                func=ast.Attribute(value=ast.Call(func=ast.Name(id="super")), attr="__init__"),
                args=[ast.Starred(value=ast.Name(id=positional))],
                keywords=[ast.keyword(arg=None, value=ast.Name(id=named))],
            ):
                return handed == [positional, named]
    return False


def class_edits(source: Source, node: ast.expr) -> Iterator[Edit]:
    """The edits of a base."""
    text, wanted = request(source, "httpx", "AsyncClient", at=node)
    yield Replace(*source.span(node), text)
    if wanted:
        yield wanted
