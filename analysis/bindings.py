"""What the variables of a function are bound to."""

from __future__ import annotations

import ast

from .symbols import Function


def assigned(function: Function, name: str) -> list[ast.expr]:
    """The values that plain assignments give to a variable."""
    found: list[ast.expr] = []
    for node in function.own_nodes():
        match node:
            case ast.Assign(targets=targets, value=value):
                if any(isinstance(t, ast.Name) and t.id == name for t in targets):
                    found.append(value)
            case ast.AnnAssign(target=ast.Name(id=target), value=ast.expr() as value) if target == name:
                found.append(value)
    return found


def written(function: Function, node: ast.expr) -> list[ast.expr]:
    """An expression as it is written, or what is assigned to its name."""
    return assigned(function, node.id) if isinstance(node, ast.Name) else [node]
