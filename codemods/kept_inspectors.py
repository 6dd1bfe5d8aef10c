"""Inspectors that a module keeps for others: each reader makes one of its own, on a connection."""

from __future__ import annotations

import ast
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from ..analysis.async_sites import AsyncSite
from ..analysis.program import Program
from ..analysis.schema import INSPECTOR
from ..analysis.source import Source
from ..analysis.values import Instance
from .arguments import argument
from .edit import Import
from .imports import request
from .references import bound_values, imported_file, references, variable_home
from .scopes import scopes


@dataclass(frozen=True, slots=True)
class KeptInspector:
    """`statement` makes it, of `engine`: a global, and the file that has it. `reads` are the calls of its methods."""

    source: Source
    statement: ast.stmt
    opening: ast.Call
    engine: tuple[Source, str]
    reads: tuple[ast.Call, ...]

    def in_file(self, program: Program, source: Source, at: ast.AST) -> tuple[str, str, list[Import]]:
        """The engine and the function `inspect` as a file names them, with the imports that this takes."""
        if source is self.source:
            subject = argument(self.opening, "subject")
            assert subject is not None
            return source.text(subject), source.text(self.opening.func), []
        home, name = self.engine
        engine, first = request(source, references(program).spelling(source, home.path), name, at=at)
        inspect, second = request(source, *self._function(program), at=at)
        return engine, inspect, [i for i in (first, second) if i is not None]

    def _function(self, program: Program) -> tuple[str, str]:
        """Where `inspect` comes from: its own file says the same as the readers'."""
        local = self.source.text(self.opening.func)
        for imported in scopes(self.source).module.imports:
            statement = imported.statement
            if imported.local == local and imported.name and isinstance(statement, ast.ImportFrom):
                is_foreign = imported_file(program, self.source, statement) is None
                return (statement.module or "", imported.name) if is_foreign else ("sqlalchemy", "inspect")
        return "sqlalchemy", "inspect"


def kept_inspectors(program: Program, sites: Iterable[AsyncSite]) -> Iterator[KeptInspector]:
    """Those that module bodies make of an engine of theirs, and that are read in functions that may await alone."""
    for site in sites:
        source, node = site.function.source, site.node
        if site.function.is_module and isinstance(node, ast.Call):
            statement = source.parents[node]
            engine = _engine(program, source, node)
            match statement:
                case ast.Assign(targets=[ast.Name(id=name)]) | ast.AnnAssign(target=ast.Name(id=name)) if engine:
                    reads = _reads(program, source, name)
                    if reads is not None and bound_values(program, site.function, name) == [node]:
                        yield KeptInspector(source, statement, node, engine, reads)


def _engine(program: Program, source: Source, node: ast.Call) -> tuple[Source, str] | None:
    """The global that `inspect` is called with, if it is an inspector that this gives."""
    subject = argument(node, "subject")
    if isinstance(subject, ast.Name) and any(
        isinstance(v, Instance) and v.cls == INSPECTOR for v in program.values(node)
    ):
        home = variable_home(program, source, subject)
        if home is not None and home[1].is_module:
            return home[0], home[2]
    return None


def _reads(program: Program, source: Source, name: str) -> tuple[ast.Call, ...] | None:
    """The calls of an inspector's methods; None where it is used in another way, or where nothing can be awaited."""
    found: list[ast.Call] = []
    for reference in references(program).of(source.path, name):
        parents = reference.source.parents
        attribute = parents[reference.node]
        call = parents[attribute]
        if not (isinstance(attribute, ast.Attribute) and isinstance(call, ast.Call) and call.func is attribute):
            return None
        function = program.function_at(reference.source, call)
        if function is None or function.is_module or not program.colours.can_await(function, call):
            return None
        found.append(call)
    return tuple(found)
