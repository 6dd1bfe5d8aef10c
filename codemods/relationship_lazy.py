"""A relationship's `lazy=`: how it is set where the relationship is declared, as a backref too."""

from __future__ import annotations

import ast
from collections.abc import Iterator, Mapping

from ..analysis.eager_depth import has_depth
from ..analysis.mapped import DEFERRED, Relationship
from ..analysis.source import Source
from .edit import Edit, Replace, Wrap
from .imports import request

SQLMODEL = "Relationship"
# No tree goes so far; each level sends a statement only where there is something to load.
DEEPEST = 100
Options = Mapping[str, str]


class Unwritable(Exception):
    """The relationship is declared in a way that can't be changed here; the message says which."""


def eager(source: Source, relationship: Relationship, strategy: str = "selectin", depth: int = 0) -> Iterator[Edit]:
    """The edits that load a relationship with its owner; `depth` is how far, where its target was met on the way.

    Raises:
        Unwritable: its declaration is not a call that takes `lazy=`.
    """
    if relationship.lazy == DEFERRED:
        raise Unwritable("the column is deferred")
    call = next((n for n in ast.walk(relationship.node) if _declares(n)), None) if relationship.node else None
    if not isinstance(call, ast.Call):
        raise Unwritable("its declaration is not seen")
    options = {"lazy": f'"{strategy}"'}
    if depth and not has_depth(relationship):
        options["join_depth"] = str(depth)
    backref = next((k.value for k in call.keywords if k.arg == "backref"), None)
    if backref is not None and relationship.name != _declared_name(relationship.node):
        yield from _in_backref(source, backref, options)
    elif _name(call) == SQLMODEL:
        yield from _in_sqlmodel(source, call, options)
    else:
        yield from _keywords(source, call, options)


def _declares(node: ast.AST) -> bool:
    return isinstance(node, ast.Call) and _name(node) in {"relationship", "relation", SQLMODEL}


def _name(call: ast.Call) -> str:
    match call.func:
        case ast.Name(id=name) | ast.Attribute(attr=name):
            return name
    return ""


def _declared_name(statement: ast.stmt | None) -> str:
    match statement:
        case (
            ast.Assign(targets=[ast.Name(id=name) | ast.Attribute(attr=name)]) | ast.AnnAssign(target=ast.Name(id=name))
        ):
            return name
        case ast.FunctionDef(name=name):
            return name
    return ""


def _in_backref(source: Source, backref: ast.expr, options: Options) -> Iterator[Edit]:
    match backref:
        case ast.Constant():
            text, wanted = request(source, "sqlalchemy.orm", "backref", at=backref)
            yield Wrap(*source.span(backref), f"{text}(", f", {_spelled(options)})")
            if wanted:
                yield wanted
        case ast.Call():
            yield from _keywords(source, backref, options)
        case _:
            raise Unwritable("its backref is not written out")


def _in_sqlmodel(source: Source, call: ast.Call, options: Options) -> Iterator[Edit]:
    given = next((k.value for k in call.keywords if k.arg == "sa_relationship_kwargs"), None)
    match given:
        case None:
            yield from _keywords(source, call, {"sa_relationship_kwargs": f"{{{_items(options)}}}"})
        case ast.Dict(keys=keys, values=values):
            for key, value in zip(keys, values, strict=True):
                if isinstance(key, ast.Constant) and key.value == "lazy":
                    yield Replace(*source.span(value), _items(options).removeprefix('"lazy": '))
                    return
            comma = ", " if keys else ""
            start = source.span(given)[0] + 1
            yield Replace(start, start, f"{_items(options)}{comma}")
        case ast.Call(func=ast.Name(id="dict")):
            yield from _keywords(source, given, options)
        case _:
            raise Unwritable("its sa_relationship_kwargs are not written out")


def _spelled(options: Options) -> str:
    return ", ".join(f"{name}={value}" for name, value in options.items())


def _items(options: Options) -> str:
    return ", ".join(f'"{name}": {value}' for name, value in options.items())


def _keywords(source: Source, call: ast.Call, options: Options) -> Iterator[Edit]:
    """Keyword arguments set: the first one's value replaced, or all added behind the others."""
    text = _spelled(options)
    for keyword in call.keywords:
        if keyword.arg == next(iter(options)):
            yield Replace(*source.span(keyword), text)
            return
    parts: list[ast.expr | ast.keyword] = [*call.args, *call.keywords]
    if not parts:
        end = source.span(call)[1] - 1
        yield Replace(end, end, text)
        return
    last = max(parts, key=lambda p: source.span(p)[1])
    start, end = source.span(last)
    line = source.content[source.offset(last.lineno, 0) : start].decode()
    gap = f"\n{line}" if not line.strip() else " "
    yield Wrap(start, end, "", f",{gap}{text}")
