"""Query classes of the project's own, which its sessions make: what they do differently a select would not do."""

from __future__ import annotations

import ast
from collections.abc import Iterator

from ..analysis.once import once
from ..analysis.program import Program
from ..analysis.queries import Chain
from ..analysis.symbols import Class
from ..analysis.values import ClassObject
from .query_text import Declined

NAMES = frozenset({"query_cls", "query_class", "_query_cls"})


def require_no_own_methods(program: Program, chain: Chain) -> None:
    """Raises Declined where a method of the chain is the project's, or queries are executed in its own way."""
    called = {link.name for link in chain.links}
    for cls in _classes(program):
        for name in sorted(cls.methods):
            if name.startswith("_") or name in called:
                what = "is a method" if name in called else "stands in the way"
                raise Declined(f"{name}() {what} of {cls.name}, which the sessions of this project make for a Query")


@once
def _classes(program: Program) -> list[Class]:
    """Those classes, and the project's classes that they are derived from."""
    objects = program.interpreter.objects
    given = {v.cls for node in _given(program) for v in program.values(node) if isinstance(v, ClassObject)}
    keys = {key for cls in given if objects.is_a(cls, "sqlalchemy.orm.Query") for key in objects.ancestry(cls)}
    return [objects.classes[key] for key in sorted(keys & objects.classes.keys())]


def _given(program: Program) -> Iterator[ast.expr]:
    """What is given under a name that means the class of queries."""
    for source in program.sources.values():
        for node in source.nodes:
            match node:
                case ast.keyword(arg=str(name), value=value) if name in NAMES:
                    yield value
                case ast.Assign(targets=[ast.Name(id=name) | ast.Attribute(attr=name)], value=value) if name in NAMES:
                    yield value
