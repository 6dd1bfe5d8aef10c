"""Engines and factories where a person has to look: in files that stay sync, and in the hands of libraries."""

from __future__ import annotations

import ast
import sys
from collections.abc import Collection, Iterable, Iterator

from ..analysis.program import Program
from ..analysis.source import Source
from ..analysis.values import ClassObject, External, Instance, Value
from .alembic_engines import engines_of_others
from .carried import Work, left
from .references import references
from .session_scope import is_sync_facade

ENGINE = "sqlalchemy.Engine"
# Libraries that may be given an engine of either kind.
HARMLESS = {"dict", "list", "pytest", "sqladmin", "sqlalchemy", "sqlmodel", "starlette_admin", *sys.stdlib_module_names}


def in_kept_files(program: Program, made: Iterable[tuple[Source, ast.Call]]) -> Iterator[Work]:
    """The uses of what becomes async, in files that stay sync; `made` are the calls that make it."""
    known = references(program)
    taken = {node for nodes in engines_of_others(program).values() for node in nodes}
    for source, call in made:
        if source.path in program.beside:
            continue  # Who imports it from there is async already.
        match source.parents[call]:
            case ast.Assign(targets=[ast.Name(id=name)]) | ast.AnnAssign(target=ast.Name(id=name)):
                for read in known.of(source.path, name):
                    if (why := program.kept.get(read.source.path)) is not None and read.node not in taken:
                        concern = f"this file stays sync ({why}), {name} does not: make a sync {name} of its own here"
                        yield left(read.source, read.node, concern)


def handed_on(program: Program, makers: Collection[str]) -> Iterator[Work]:
    """Engines given to libraries that may want the sync one, and what makes engines as a value."""
    for source in program.sources.values():
        if source.path in program.kept or b"engine" not in source.content.lower():
            continue
        for node in source.nodes:
            if isinstance(node, ast.Call):
                yield from _given_to_library(program, source, node)
            elif isinstance(node, ast.Name | ast.Attribute) and _is_maker(program, source, node, makers):
                yield left(source, node, "what is called here makes a sync engine: call create_async_engine")


def _given_to_library(program: Program, source: Source, call: ast.Call) -> Iterator[Work]:
    names = {v.name for v in program.values(call.func) if isinstance(v, External)}
    names |= {v.cls for v in program.values(call.func) if isinstance(v, ClassObject)}
    given = [*call.args, *(k.value for k in call.keywords)]
    engines = [g for g in given if any(isinstance(v, Instance) and v.cls == ENGINE for v in program.values(g))]
    schema = next((g for g in given if any(map(_changes_schema, program.values(g)))), None)
    if engines and schema is not None:
        concern = f"{program.short(source, schema)} needs a sync connection: call it with run_sync, in a coroutine"
        yield left(source, engines[0], concern)
        return
    libraries = {name for name in names if "." in name and name.partition(".")[0] not in HARMLESS and "::" not in name}
    if not libraries:
        return
    for engine in engines:
        if not is_sync_facade(program, source, call):
            concern = f"{min(libraries)} gets an AsyncEngine now; if it wants a sync one, give it .sync_engine"
            yield left(source, engine, concern)


def _changes_schema(value: Value) -> bool:
    """Is it `metadata.create_all`, or the like, as a value?"""
    return isinstance(value, External) and value.name.rpartition(".")[2] in {"create_all", "drop_all"}


def _is_maker(program: Program, source: Source, node: ast.Name | ast.Attribute, makers: Collection[str]) -> bool:
    parent = source.parents[node]
    if not isinstance(node.ctx, ast.Load) or (isinstance(parent, ast.Call) and parent.func is node):
        return False
    return any(isinstance(v, External) and v.receiver is None and v.name in makers for v in program.values(node))
