"""Who reads a module's global, in its own file and wherever it is imported to; and which file imports which."""

from __future__ import annotations

import ast
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass

from ..analysis.once import once
from ..analysis.program import Program
from ..analysis.source import Source
from ..analysis.symbols import Function
from ..analysis.values import ModuleObject
from .scopes import Scope, scopes


@dataclass(frozen=True, slots=True)
class Reference:
    """One read of a global: a name, or an attribute of the module."""

    source: Source
    node: ast.expr


@dataclass(frozen=True, slots=True)
class _Import:
    source: Source
    statement: ast.ImportFrom
    alias: ast.alias

    @property
    def local(self) -> str:
        return self.alias.asname or self.alias.name


class References:
    """The reads of the whole program."""

    def __init__(self, program: Program) -> None:
        self._program = program
        self._imports: defaultdict[tuple[str, str], list[_Import]] = defaultdict(list)
        self._attributes: defaultdict[str, list[Reference]] = defaultdict(list)
        self._names: defaultdict[tuple[str, str], list[ast.Name]] = defaultdict(list)
        self._imported_files: defaultdict[str, set[str]] = defaultdict(set)
        for source in program.sources.values():
            for node in source.nodes:
                self._note(source, node)

    def _note(self, source: Source, node: ast.AST) -> None:
        match node:
            case ast.ImportFrom():
                path = imported_file(self._program, source, node)
                for alias in node.names:
                    if path is not None:
                        self._imports[path, alias.name].append(_Import(source, node, alias))
                    self._note_file(source, node, path and self._program.interpreter.modules.child(path, alias.name))
                self._note_file(source, node, path)
            case ast.Import(names=names):
                for alias in names:
                    self._note_file(source, node, self._program.interpreter.modules.absolute(alias.name, source.path))
            case ast.Attribute(attr=name, ctx=ast.Load()):
                self._attributes[name].append(Reference(source, node))
            case ast.Name(id=name, ctx=ast.Load()):
                self._names[source.path, name].append(node)

    def _note_file(self, source: Source, node: ast.AST, path: str | None) -> None:
        """Note an import that runs when the file itself is imported."""
        is_inside = isinstance(_around(source, node), ast.FunctionDef | ast.AsyncFunctionDef)
        if path in self._program.sources and not is_inside:
            self._imported_files[source.path].add(path)

    def of(self, path: str, name: str) -> list[Reference]:
        """All reads of the global `name` of the file `path`."""
        return list(self._of(path, name, set()))

    def _of(self, path: str, name: str, seen: set[tuple[str, str]]) -> Iterator[Reference]:
        if (path, name) in seen:
            return
        seen.add((path, name))
        source = self._program.sources[path]
        yield from self._in_scope(source, name, scopes(source).module)
        for imported in self._imports[path, name]:
            around = _around(imported.source, imported.statement)
            if isinstance(around, ast.Module):
                yield from self._of(imported.source.path, imported.local, seen)
            else:
                scope = scopes(imported.source).around(imported.statement, imported.source)
                yield from self._in_scope(imported.source, imported.local, scope)
        for reference in self._attributes[name]:
            assert isinstance(reference.node, ast.Attribute)
            if any(v == ModuleObject(path) for v in self._program.values(reference.node.value)):
                yield reference

    def _in_scope(self, source: Source, name: str, scope: Scope) -> Iterator[Reference]:
        for node in self._names[source.path, name]:
            if binding_scope(source, node) is scope:
                yield Reference(source, node)

    def in_function(self, source: Source, node: ast.Name) -> list[Reference]:
        """All reads of the variable that a name stands for, where that is a function's own."""
        scope = binding_scope(source, node)
        return list(self._in_scope(source, node.id, scope)) if scope else []

    def importers(self, path: str, name: str) -> list[tuple[Source, ast.ImportFrom]]:
        """The `from … import name` statements that take a global of a file."""
        return [(i.source, i.statement) for i in self._imports[path, name]]

    def imports(self, path: str, other: str) -> bool:
        """Does importing one file import the other, directly or not?"""
        seen: set[str] = set()
        pending = [path]
        while pending:
            current = pending.pop()
            if current == other:
                return True
            if current not in seen:
                seen.add(current)
                pending.extend(self._imported_files[current])
        return False

    def imported_by(self, path: str) -> set[str]:
        """The files that import a file."""
        return {importer for importer, files in self._imported_files.items() if path in files}

    def spelling(self, source: Source, path: str) -> str:
        """How a file of the project is named in an import statement of `source`."""
        spellings = {s.path: _spelling(s, statement) for s, statement in self._statements(path)}
        if source.path in spellings:
            return spellings[source.path]
        absolute = [text for text in spellings.values() if not text.startswith(".")]
        if not absolute:
            return self._program.interpreter.modules.dotted(path)
        return min(absolute, key=lambda text: (-absolute.count(text), text))

    def _statements(self, path: str) -> Iterator[tuple[Source, ast.ImportFrom]]:
        for (imported, _), imports in self._imports.items():
            if imported == path:
                yield from ((i.source, i.statement) for i in imports)


@once
def references(program: Program) -> References:
    """The references of a program, gathered once."""
    return References(program)


def imported_file(program: Program, source: Source, statement: ast.ImportFrom) -> str | None:
    """The project's file that a `from … import` names."""
    modules = program.interpreter.modules
    if statement.level:
        return modules.relative(statement.level, statement.module or "", source.path)
    return modules.absolute(statement.module or "", source.path)


def binding_scope(source: Source, node: ast.Name, place: ast.AST | None = None) -> Scope | None:
    """The scope whose binding a name means; None for a builtin or an unknown name. `place`: where the name stands."""
    scope: Scope | None = scopes(source).around(place or node, source)
    while scope is not None and not scope.binds(node.id):
        scope = scope.enclosing
    return scope


def is_plain(node: ast.expr) -> bool:
    """Is this a name, or attributes of one?"""
    return isinstance(node, ast.Name) or (isinstance(node, ast.Attribute) and is_plain(node.value))


def variable_home(
    program: Program, source: Source, node: ast.Name | ast.Attribute
) -> tuple[Source, Function, str] | None:
    """The file and function (or module) where the variable behind a name is bound, and its name there."""
    if isinstance(node, ast.Attribute):
        modules = program.values(node.value)
        paths = {v.path for v in modules if isinstance(v, ModuleObject) and v.path in program.sources}
        if len(paths) != 1 or len(modules) != 1:
            return None
        home = paths.pop()
        return program.sources[home], program.function(f"{home}::"), node.attr
    scope = binding_scope(source, node)
    if scope is None:
        return None
    name = node.id
    for imported in scope.imports:
        if imported.local == name and isinstance(imported.statement, ast.ImportFrom) and imported.name:
            path = imported_file(program, source, imported.statement)
            if path not in program.sources:
                return None
            return program.sources[path], program.function(f"{path}::"), imported.name
    function = program.interpreter.by_node.get(scope.node)
    return (source, function, name) if function else None


def bound_values(program: Program, function: Function, name: str) -> list[ast.expr] | None:
    """The values that a function (or module) assigns to a variable; None where it gets others too."""
    if name in {a.arg for a in function.parameters()}:
        return None
    values: list[ast.expr] = []
    plain: set[ast.AST] = set()
    for node in function.own_nodes():
        match node:
            case ast.Assign(targets=[ast.Name(id=target) as stored], value=value) if target == name:
                values.append(value)
                plain.add(stored)
            case ast.AnnAssign(target=ast.Name(id=target) as stored, value=ast.expr() as value) if target == name:
                values.append(value)
                plain.add(stored)
    names = [n for n in function.own_nodes() if isinstance(n, ast.Name) and n.id == name]
    stores = {n for n in names if isinstance(n.ctx, ast.Store)}
    is_set_elsewhere = any(name in f.globals for f in program.functions if f.source is function.source)
    return values if values and stores <= plain and not is_set_elsewhere else None


def _around(source: Source, node: ast.AST) -> ast.AST:
    """The function, class or module that a statement stands in."""
    around = source.parents[node]
    while not isinstance(around, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef | ast.Module):
        around = source.parents[around]
    return around


def _spelling(source: Source, statement: ast.ImportFrom) -> str:
    return "." * statement.level + (statement.module or "")
