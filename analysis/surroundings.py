"""What surrounds an expression: can something be awaited there, or in front of its statement?"""

from __future__ import annotations

import ast
from collections.abc import Iterator

from .source import Source


def is_in_lambda_or_default(source: Source, node: ast.AST) -> bool:
    """Does a node stand where nothing can be awaited: in a lambda, a class body, a default?"""
    child, parent = node, source.parents.get(node)
    while parent is not None and not isinstance(parent, ast.FunctionDef | ast.AsyncFunctionDef | ast.Module):
        if isinstance(parent, ast.Lambda | ast.ClassDef):
            return True
        child, parent = parent, source.parents.get(parent)
    return isinstance(parent, ast.FunctionDef | ast.AsyncFunctionDef) and child is parent.args


def serialising_call(source: Source, node: ast.expr) -> ast.Call | None:
    """`Schema.model_validate(node)`, unless it is in a generator, whose items nobody awaits."""
    call = source.parents.get(node)
    if not isinstance(call, ast.Call) or node not in call.args:
        return None
    return None if any(isinstance(n, ast.GeneratorExp) for n in _within_statement(source, call)) else call


def is_bound_within(source: Source, name: ast.Name) -> bool:
    """Is it the variable of a comprehension, unknown in front of the statement?"""
    around = _within_statement(source, name)
    comprehensions = [n for n in around if isinstance(n, ast.ListComp | ast.SetComp | ast.DictComp | ast.GeneratorExp)]
    targets = [g.target for c in comprehensions for g in c.generators]
    return any(isinstance(n, ast.Name) and n.id == name.id for target in targets for n in ast.walk(target))


def _within_statement(source: Source, node: ast.AST) -> Iterator[ast.AST]:
    """The expressions around a node, from the inside."""
    parent = source.parents.get(node)
    while parent is not None and not isinstance(parent, ast.stmt):
        yield parent
        parent = source.parents.get(parent)
