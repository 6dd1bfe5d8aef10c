"""What SQLAlchemy's tests bind at run time, told to the interpreter.

Their sessions come from `fixture_session()`, their classes and tables from `self.classes` and `self.tables`, and most
classes are mapped by a call. Of all these only the kind matters to the codemod: session, entity, column, or table.
"""

from __future__ import annotations

import ast

from asyncshift.analysis import program
from asyncshift.analysis.interpreter import Interpreter
from asyncshift.analysis.members import Env
from asyncshift.analysis.values import (
    NOTHING,
    ClassObject,
    ColumnAttribute,
    External,
    Instance,
    Row,
    Value,
    Values,
)
from asyncshift.codemods import query_classes, query_listeners, query_sites

# Marks classes that are known by their name alone.
BOUND = "bound at run time::"
SESSIONS = frozenset({"fixture_session", "create_session", "fixture_session_two"})
TABLES = frozenset({"Table", "table"})
# Classes that tests map by a call.
PICKLEABLE = "sqlalchemy.testing.pickleable"
# What tests ask of a Query to see how it is compiled.
EXAMINING = frozenset({"_compile_context", "_compile_state", "_final_statement"})


class KindsOfTests(Interpreter):
    """The interpreter, with the kinds of what the tests' own machinery gives."""

    def _eval(self, node: ast.expr, env: Env) -> Values:
        match node:
            case ast.Attribute(value=ast.Attribute(attr="classes" | "tables" as holder), attr=name):
                return _held(holder, name)
            case ast.Call(func=ast.Attribute(attr="classes" | "tables" as holder), args=[*names]):
                found = [_held(holder, n.value) for n in names if isinstance(n, ast.Constant)]
                return frozenset({Row(tuple(found))})
            case ast.Call(func=ast.Attribute(attr=name)) if name in EXAMINING:
                super()._eval(node, env)
                return NOTHING
            case ast.Name(id="last_session"):
                return frozenset({Instance("sqlalchemy.orm.Session")})
            case ast.Call(func=ast.Name(id=name)) if name in SESSIONS:
                super()._eval(node, env)
                return frozenset({Instance("sqlalchemy.orm.Session")})
            case ast.Call(func=ast.Name(id="with_polymorphic"), args=[entity, *_]):
                super()._eval(node, env)
                return self.eval(entity, env)
            case ast.Call(func=ast.Name(id=name)) if name in TABLES:
                super()._eval(node, env)
                return frozenset({Instance("sqlalchemy.Table")})
        return super()._eval(node, env)

    def external(self, name: str) -> Value:
        module, _, cls = name.rpartition(".")
        return ClassObject(f"{BOUND}{cls}") if module == PICKLEABLE else super().external(name)

    def _attribute_of(self, value: Value, name: str) -> Values:
        match value:
            case ClassObject(cls=cls) if cls.startswith(BOUND):
                return NOTHING if name.startswith("__") else frozenset({ColumnAttribute(cls, name)})
            case ClassObject(cls=cls) if cls in self.objects.classes and not self.objects.mapped[cls]:
                found = super()._attribute_of(value, name)
                plain = not found or all(isinstance(v, External) for v in found)
                return frozenset({ColumnAttribute(cls, name)}) if plain and not name.startswith("_") else found
        return super()._attribute_of(value, name)


def _held(holder: str, name: object) -> Values:
    if holder == "tables":
        return frozenset({Instance("sqlalchemy.Table")})
    return frozenset({ClassObject(f"{BOUND}{name}")})


def teach() -> None:
    """From now on programs are understood with these kinds."""
    program.Interpreter = KindsOfTests  # type: ignore[misc]
    # The tests' select has these of a Query, see `labels.py`.
    query_sites.SHARED |= {*EXAMINING, "_execution_options", "_for_update_arg"}
    # Each test has sessions of its own; those that listen to what only a Query sends, or give it another class, are
    # skipped by name.
    query_listeners._listened = lambda _: []  # type: ignore[assignment]
    query_classes._classes = lambda _: []  # type: ignore[assignment]
