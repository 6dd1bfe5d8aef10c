"""Texts and numbers, and the columns that they reach.

A driver that hands values over in binary form, asyncpg, takes only what a column's type is in Python: no text for an
integer, no number for a text. psycopg sends text, and the server converts.
https://magicstack.github.io/asyncpg/current/usage.html#type-conversion
"""

from __future__ import annotations

import ast
from collections.abc import Iterator
from dataclasses import dataclass

from .bindings import defaults
from .datetimes import bound_values
from .mapped import Mapped
from .once import once
from .program import Program
from .source import Source, branches
from .stored import stored, type_name
from .symbols import Function
from .values import Instance

DEPTH = 4
NONE = "None"
# What a column of a type holds in Python.
COLUMN_TYPES = {
    **dict.fromkeys(("Integer", "BigInteger", "SmallInteger", "INTEGER", "BIGINT", "SMALLINT"), "int"),
    **dict.fromkeys(("String", "Text", "Unicode", "UnicodeText", "VARCHAR", "TEXT", "CHAR"), "str"),
    **dict.fromkeys(("Float", "Double", "FLOAT", "REAL"), "float"),
    **dict.fromkeys(("Date", "DATE"), "date"),
    **dict.fromkeys(("DateTime", "TIMESTAMP"), "datetime"),
}
ANNOTATED = frozenset({"int", "str", "float", "date", "datetime"})
# The types of values that asyncpg refuses where the server would have converted them, for each type of column.
REFUSED = {
    "int": frozenset({"str"}),
    "float": frozenset({"str"}),
    "str": frozenset({"int", "float"}),
    "date": frozenset({"str"}),
    "datetime": frozenset({"str"}),
}
# Defaults whose value is another function's, whatever the annotation says.
PROVIDED = frozenset({"Depends", "Security"})
# Calls whose value is of the type.
CALLS = {"int": "int", "str": "str", "float": "float", "len": "int"}


@dataclass(frozen=True, eq=False, slots=True)
class PlainMisfit:
    """A value of a type that its column does not take: `given` and `wanted` are the names of both types.

    `is_optional`: it may be None.
    """

    source: Source
    node: ast.expr
    function: Function
    given: str
    wanted: str
    column: str
    is_optional: bool


@once
def plain_misfits(program: Program) -> list[PlainMisfit]:
    """All texts and numbers that do not fit the column they are stored in or compared with."""
    return [misfit for function in program.functions for misfit in _in_function(program, function)]


def _in_function(program: Program, function: Function) -> Iterator[PlainMisfit]:
    for node in function.own_nodes():
        for mapped, name, value in stored(program, node):
            wanted = column_type(mapped, name)
            for part in branches(value) if wanted else ():
                types = _types(program, function, part)
                given = types - {NONE}
                if len(given) == 1 and given <= REFUSED[wanted]:
                    column = f"{mapped.cls.name}.{name}"
                    yield PlainMisfit(function.source, part, function, given.pop(), wanted, column, NONE in types)


def column_type(mapped: Mapped, name: str) -> str:
    """What a column holds in Python, by its type or its annotation; "" when neither says it."""
    statement = mapped.columns.get(name)
    if not isinstance(statement, ast.Assign | ast.AnnAssign):
        return ""
    value = statement.value
    given = [*value.args, *(k.value for k in value.keywords if k.arg)] if isinstance(value, ast.Call) else []
    types = {type_name(g) for g in given if isinstance(g, ast.Name | ast.Attribute | ast.Call)} - {"ForeignKey"}
    if len(known := types & COLUMN_TYPES.keys()) == 1:
        return COLUMN_TYPES[known.pop()]
    if isinstance(statement, ast.AnnAssign) and not any(isinstance(g, ast.Name | ast.Attribute) for g in given):
        annotated = _annotated(statement.annotation) - {NONE}
        return annotated.pop() if len(annotated) == 1 and annotated <= ANNOTATED else ""
    return ""


def _types(program: Program, function: Function, node: ast.expr, depth: int = DEPTH) -> set[str]:
    """The types that an expression's value can have; empty when one of them is not known."""
    match node:
        case ast.Constant(value=value):
            return {NONE if value is None else type(value).__name__}
        case ast.JoinedStr():
            return {"str"}
        case ast.Call(func=ast.Name(id=name)) if name in CALLS:
            return {CALLS[name]}
        case ast.Name(id=name) if depth:
            return _of_variable(program, function, name, depth - 1)
        case ast.Attribute(value=owner, attr=name):
            return _of_attribute(program, owner, name)
    return set()


def _of_variable(program: Program, function: Function, name: str, depth: int) -> set[str]:
    values = list(bound_values(function, name))
    parameter = next((p for p in function.parameters() if p.arg == name), None)
    if parameter is not None:
        is_injected = any(type_name(default) in PROVIDED for default in defaults(function, name))
        return _annotated(parameter.annotation) if len(values) == 1 and not is_injected else set()
    statements = [n for n in function.own_nodes() if isinstance(n, ast.stmt)]
    annotations = [a for s in statements if (a := _declared(s, name))]
    if len(annotations) == len(values) == 1:
        return _annotated(annotations[0])
    found = [_types(program, function, value, depth) for value in values]
    return set[str]().union(*found) if all(found) else set()


def _of_attribute(program: Program, owner: ast.expr, name: str) -> set[str]:
    """What the classes of the project that an object can be of say of an attribute."""
    objects = program.interpreter.objects
    found: set[str] = set()
    for value in program.values(owner):
        mapped = program.mapped(value.cls) if isinstance(value, Instance) else None
        if mapped is not None:
            declared = {column_type(mapped, name)} - {""}
        else:
            ancestry = objects.ancestry(value.cls) if isinstance(value, Instance) else []
            bodies = [s for key in ancestry if key in objects.classes for s in objects.classes[key].node.body]
            declared = next((_annotated(a) for s in bodies if (a := _declared(s, name))), set())
        if not declared:
            return set()
        found |= declared
    return found


def _declared(statement: ast.stmt, name: str) -> ast.expr | None:
    """The annotation of `name: annotation`."""
    match statement:
        case ast.AnnAssign(target=ast.Name(id=target), annotation=annotation) if target == name:
            return annotation
    return None


def _annotated(node: ast.expr | None) -> set[str]:
    """The types that an annotation names; empty when one of them is no plain one."""
    match node:
        case ast.Constant(value=None):
            return {NONE}
        case ast.Name(id=name) | ast.Attribute(attr=name):
            return {name} if name in ANNOTATED else set()
        case ast.BinOp(op=ast.BitOr(), left=left, right=right):
            return _joined([left, right])
        case ast.Subscript(value=base, slice=inner):
            parts = inner.elts if isinstance(inner, ast.Tuple) else [inner]
            match type_name(base):
                case "Optional":
                    return _joined([*parts, ast.Constant(None)])
                case "Union":
                    return _joined(parts)
                case "Annotated" | "Mapped":
                    return _annotated(parts[0])
    return set()


def _joined(parts: list[ast.expr]) -> set[str]:
    found = [_annotated(part) for part in parts]
    return set[str]().union(*found) if all(found) else set()
