"""URLs that a property builds, as settings do: the driver that is spelled in them."""

from __future__ import annotations

import ast

from ..analysis.program import Program
from ..analysis.source import Source
from ..analysis.symbols import Function
from ..analysis.values import Instance
from .drivers import is_async, named_dialect

# The arguments by which `PostgresDsn.build(…)`, `URL.create(…)` and their like are told the driver.
_NAMING = {"scheme", "drivername"}


def ready_dialect(program: Program, node: ast.expr) -> str:
    """The kind of database of a URL that properties build with a driver for async engines; "" for any other."""
    match node:
        case ast.Call(func=ast.Name(id="str"), args=[inner]):
            return ready_dialect(program, inner)
        case ast.Attribute(value=owner, attr=name):
            owners = program.values(owner)
            methods = [m for v in owners if isinstance(v, Instance) for m in program.methods(v.cls, name)]
            dialects = {_built(m) for m in methods if m.is_property}
            if len(dialects) == 1 and len(methods) >= len(owners) and all(m.is_property for m in methods):
                return dialects.pop()
    return ""


def _built(method: Function) -> str:
    returned = [n.value for n in method.own_nodes() if isinstance(n, ast.Return)]
    names = {_named(method.source, value) for value in returned}
    return names.pop() if len(names) == 1 else ""


def _named(source: Source, node: ast.expr | None) -> str:
    """The kind of database that an expression spells, with a driver for async engines."""
    match node:
        case ast.Constant(value=str()) | ast.JoinedStr():
            text = source.text(node)
            return named_dialect(text) if is_async(text) else ""
        case ast.Call(keywords=keywords) if keywords:
            return next((_named(source, k.value) for k in keywords if k.arg in _NAMING), "")
        case ast.Call(args=[inner]) | ast.Call(func=ast.Attribute(value=inner), args=[]):
            return _named(source, inner)
    return ""
