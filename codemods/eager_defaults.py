"""`eager_defaults` on a mapped class, or on the base of all: values that the server sets come with the statement."""

from __future__ import annotations

import ast
from collections import defaultdict
from collections.abc import Iterable, Iterator

from ..analysis.program import Program
from ..analysis.server_values import ServerValue
from ..analysis.source import Source
from ..analysis.symbols import Class
from .edit import Edit, Replace, Wrap
from .relationship_lazy import Unwritable

SETTING = '"eager_defaults": True'
# From so many classes on, the base says it for all.
MANY = 3


def homes(program: Program, needed: Iterable[ServerValue]) -> dict[Class, list[ServerValue]]:
    """The classes that get the setting: those that declare the columns, or the base of many of them."""
    by_class: defaultdict[Class, list[ServerValue]] = defaultdict(list)
    for value in needed:
        by_class[value.owner].append(value)
    by_base: defaultdict[Class, list[Class]] = defaultdict(list)
    for cls in by_class:
        base = _base(program, cls)
        if base is not None and _arguments(cls) is None:
            by_base[base].append(cls)
    found: dict[Class, list[ServerValue]] = dict(by_class)
    for base, classes in by_base.items():
        if len(classes) >= MANY:
            found[base] = [value for cls in classes for value in found.pop(cls)]
    return found


def _base(program: Program, cls: Class) -> Class | None:
    """The declarative base that a class derives from."""
    objects = program.interpreter.objects
    for key in objects.ancestry(cls.key)[1:]:
        known = objects.classes.get(key)
        if known and "sqlalchemy.orm.DeclarativeBase" in objects.bases.get(key, ()):
            return known
    return None


def fetch(cls: Class) -> Iterator[Edit]:
    """The edits that give a class the setting; none when it has it.

    Raises:
        Unwritable: its `__mapper_args__` are not written out.
    """
    source, existing = cls.source, _arguments(cls)
    match existing:
        case None:
            yield _line(source, cls)
        case ast.Assign(value=ast.Dict(keys=keys) as given) | ast.AnnAssign(value=ast.Dict(keys=keys) as given):
            if not any(isinstance(k, ast.Constant) and k.value == "eager_defaults" for k in keys):
                start = source.span(given)[0] + 1
                yield Replace(start, start, f"{SETTING}, " if keys else SETTING)
        case _:
            raise Unwritable("its __mapper_args__ are not written out")


def _arguments(cls: Class) -> ast.stmt | None:
    for statement in cls.node.body:
        match statement:
            case (
                ast.Assign(targets=[ast.Name(id="__mapper_args__")])
                | ast.AnnAssign(target=ast.Name(id="__mapper_args__"))
            ):
                return statement
            case ast.FunctionDef(name="__mapper_args__"):
                return statement
    return None


def _line(source: Source, cls: Class) -> Edit:
    """A line of its own: behind the table's name and arguments, or the docstring, or before all else."""
    text = f"__mapper_args__ = {{{SETTING}}}"
    behind = [s for s in cls.node.body if _is_head(s)]
    if behind:
        gap = "\n" if isinstance(behind[-1], ast.Expr) else ""
        return Wrap(*source.span(behind[-1]), "", f"{gap}\n{source.indentation(behind[-1])}{text}")
    first = cls.node.body[0]
    start, end = source.span(first)
    if isinstance(first, ast.Pass):
        return Replace(start, end, text)
    return Replace(start, start, f"{text}\n\n{source.indentation(first)}")


def _is_head(statement: ast.stmt) -> bool:
    match statement:
        case ast.Assign(targets=[ast.Name(id=name)]):
            return name in {"__tablename__", "__table_args__"}
        case ast.Expr(value=ast.Constant(value=str())):
            return True
    return False
