"""Factories of factory_boy that flush or commit by themselves are reported.

    sqlalchemy_session_persistence = "commit"    ->    the same, and a line of the plan

Such a factory calls its session without await; one that only adds to the session works with an async one as it is.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator

from ..analysis.decisions import Decision
from ..analysis.program import Program
from ..analysis.symbols import Class
from .carried import decided, left
from .edit import Edit

NAME = "row-factories"
FACTORY = "factory.alchemy.SQLAlchemyModelFactory"
PERSISTENCE = "sqlalchemy_session_persistence"


def decide(program: Program) -> Iterator[Decision]:
    """A decision for each factory whose session would become async."""
    objects = program.interpreter.objects
    for key, cls in objects.classes.items():
        if program.colours.reasons and cls.source.path not in program.kept and FACTORY in objects.ancestry(key):
            for value, how in _persistence(cls):
                concern = (
                    f"{cls.name} would {how} its session without await: give it session.sync_session, "
                    "and make its objects inside of session.run_sync"
                )
                yield decided(program, NAME, left(cls.source, value, concern))


def _persistence(cls: Class) -> Iterator[tuple[ast.Constant, str]]:
    """The setting of a factory that lets it flush or commit."""
    for meta in cls.node.body:
        for statement in meta.body if isinstance(meta, ast.ClassDef) and meta.name == "Meta" else ():
            match statement:
                case ast.Assign(targets=[ast.Name(id=name)], value=ast.Constant(value="flush" | "commit") as value):
                    if name == PERSISTENCE:
                        yield value, str(value.value)


def rewrite(decision: Decision, program: Program) -> Iterator[Edit]:
    """Nothing: a person has to choose where the objects are made."""
    yield from ()
