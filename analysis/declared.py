"""What a relationship is given where it is declared."""

from __future__ import annotations

import ast

from .mapped import Relationship
from .symbols import dotted


def declared(relationship: Relationship, name: str) -> ast.expr | None:
    """The argument of a name, SQLModel's `sa_relationship_kwargs` included; of a backref those of `backref(…)`."""
    nodes = list(ast.walk(relationship.node)) if relationship.node is not None else []
    backrefs = [n for n in nodes if isinstance(n, ast.Call) and dotted(n.func).rpartition(".")[2] == "backref"]
    inside = {n for backref in backrefs for n in ast.walk(backref)}
    for node in nodes:
        if (node in inside) is not relationship.is_backref:
            continue
        match node:
            case ast.keyword(arg=arg, value=value) if arg == name:
                return value
            case ast.Dict(keys=keys, values=values):
                for key, value in zip(keys, values, strict=True):
                    if isinstance(key, ast.Constant) and key.value == name:
                        return value
    return None
