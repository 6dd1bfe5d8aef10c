"""Calls of what is only partly known: functions of the project, or something that was looked up or unpacked."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

from .source import branches
from .symbols import Function

if TYPE_CHECKING:
    from .program import Program


def is_open(program: Program, function: Function, call: ast.Call) -> bool:
    """Is a variable called that may also hold what the analysis knows nothing of?"""
    if not isinstance(call.func, ast.Name):
        return False
    bound = [
        node.value
        for node in function.own_nodes()
        if isinstance(node, ast.Assign | ast.AnnAssign) and node.value is not None and _binds(node, call.func.id)
    ]
    return any(
        isinstance(part, ast.Call | ast.Subscript) and not program.values(part)
        for value in bound
        for part in branches(value)
    )


def _binds(node: ast.Assign | ast.AnnAssign, name: str) -> bool:
    targets = node.targets if isinstance(node, ast.Assign) else [node.target]
    return any(isinstance(t, ast.Name) and t.id == name for t in targets)
