"""Alembic's scripts stay sync: an engine that they take from the application is made anew with a sync driver.

from app.database import engine          from app.database import engine

                                         def sync_url(url: URL) -> URL:
                                             ...
                                  ->
with engine.connect() as connection:     with create_engine(sync_url(engine.url)).connect() as connection:
"""

from __future__ import annotations

import ast
from collections.abc import Iterator

from ..analysis.decisions import Decision
from ..analysis.once import once
from ..analysis.program import Program
from ..analysis.source import Source
from ..analysis.values import FunctionObject, Instance
from .carried import Work, carried, decided
from .drivers import sync_drivernames
from .edit import Edit, Wrap
from .imports import request
from .references import variable_home
from .scopes import scopes
from .top_level import definition_before, top_statement

NAME = "alembic-engines"
FUNCTION = "sync_url"
ENGINE = "sqlalchemy.Engine"


def decide(program: Program) -> Iterator[Decision]:
    """One decision for each place that takes an engine, and one for each file's function."""
    for path, nodes in engines_of_others(program).items():
        source = program.sources[path]
        name = FUNCTION
        while any(scope.binds(name) for scope in scopes(source).all):
            name += "_"
        edits = list(_function(program, source, nodes[0], name))
        yield decided(program, NAME, Work(source, nodes[0], f"add {name}()", edits))
        for node in nodes:
            edits = list(_made(source, node, name))
            yield decided(program, NAME, Work(source, node, "make a sync engine of its own", edits))


def rewrite(decision: Decision, program: Program) -> Iterator[Edit]:
    """The edits that were worked out when the decision was made."""
    yield from carried(decision)


@once
def engines_of_others(program: Program) -> dict[str, list[ast.expr]]:
    """The places, by file, where Alembic's scripts take an engine that becomes async from another file."""
    found: dict[str, list[ast.expr]] = {}
    for path in program.alembic_scripts:
        expressions = (node for node in program.sources[path].nodes if isinstance(node, ast.expr))
        nodes = [node for node in expressions if _is_taken(program, path, node)]
        if nodes:
            found[path] = nodes
    return found


def _is_taken(program: Program, path: str, node: ast.expr) -> bool:
    is_a = program.interpreter.objects.is_a
    if not any(isinstance(v, Instance) and is_a(v.cls, ENGINE) for v in program.values(node)):
        return False
    source = program.sources[path]
    around = source.parents[source.parents[node]]
    if isinstance(around, ast.Call) and any(isinstance(v, FunctionObject) for v in program.values(around.func)):
        return False
    match node:
        case ast.Call(func=func):
            homes = {program.function(v.key).source.path for v in program.values(func) if isinstance(v, FunctionObject)}
            return bool(homes) and not homes & program.kept.keys()
        case ast.Name(ctx=ast.Load()) | ast.Attribute(ctx=ast.Load()):
            home = variable_home(program, source, node)
            return home is not None and home[0].path not in program.kept
    return False


def _made(source: Source, node: ast.expr, name: str) -> Iterator[Edit]:
    parent = source.parents[node]
    if isinstance(parent, ast.Attribute) and parent.attr == "url":
        yield Wrap(*source.span(parent), f"{name}(", ")")
        return
    text, wanted = request(source, "sqlalchemy", "create_engine", at=node)
    if wanted:
        yield wanted
    yield Wrap(*source.span(node), f"{text}({name}(", ".url))")


def _function(program: Program, source: Source, node: ast.expr, name: str) -> Iterator[Edit]:
    url, wanted = request(source, "sqlalchemy.engine", "URL")
    if wanted:
        yield wanted
    rows = [f'        "{one}": "{other}",\n' for one, other in sync_drivernames(program).items()]
    text = (
        f"def {name}(url: {url}) -> {url}:\n"
        '    """The URL of the same database, with its sync driver."""\n'
        f"    drivers = {{\n{''.join(rows)}    }}\n"
        "    return url.set(drivername=drivers.get(url.drivername, url.drivername))\n"
    )
    yield definition_before(source, top_statement(source, node), text)
