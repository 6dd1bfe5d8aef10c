"""Columns of a subclass, loaded with the rows of its base: `"polymorphic_load"` in its `__mapper_args__`."""

from __future__ import annotations

import ast
from collections.abc import Iterator

from ..analysis.mapped import Mapped
from .edit import Edit, Wrap
from .relationship_lazy import Unwritable

SETTINGS = "__mapper_args__"
IDENTITY = "polymorphic_identity"


def load_with_base(mapped: Mapped) -> Iterator[Edit]:
    """The edit that loads a subclass's columns with its base; in the same statement where both share a table.

    Raises:
        Unwritable: its settings are not written out.
    """
    settings = next(
        (d for s in mapped.cls.node.body if _is_settings(s) for d in ast.walk(s) if _names_identity(d)), None
    )
    if not isinstance(settings, ast.Dict):
        raise Unwritable(f"{mapped.cls.name} has no {SETTINGS} that is written out")
    start, end = mapped.cls.source.span(settings.values[-1])
    yield Wrap(start, end, "", f', "polymorphic_load": "{"selectin" if mapped.table else "inline"}"')


def _is_settings(statement: ast.stmt) -> bool:
    match statement:
        case ast.Assign(targets=[ast.Name(id=name)]) | ast.AnnAssign(target=ast.Name(id=name)):
            return name == SETTINGS
    return isinstance(statement, ast.FunctionDef) and statement.name == SETTINGS


def _names_identity(node: ast.AST) -> bool:
    return isinstance(node, ast.Dict) and any(isinstance(k, ast.Constant) and k.value == IDENTITY for k in node.keys)
