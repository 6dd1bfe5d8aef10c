"""Type expressions: where they stand in a file, in code or in a string, and what the names in them mean."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property

from ..analysis.library import library
from ..analysis.program import Program
from ..analysis.source import Source
from ..analysis.symbols import Function
from ..analysis.values import ClassObject, External, ModuleObject
from .references import binding_scope, imported_file
from .scopes import Imported, scopes


@dataclass(frozen=True, slots=True)
class TypeText:
    """A type expression as it stands in a file. `offset` is that of the first byte where it stands in a string."""

    source: Source
    node: ast.expr
    place: ast.expr
    offset: int | None = None

    def span(self, node: ast.expr) -> tuple[int, int]:
        """The bytes of a part of the expression."""
        if self.offset is None:
            return self.source.span(node)
        assert node.end_col_offset is not None
        return self.offset + node.col_offset, self.offset + node.end_col_offset

    def parts(self) -> Iterator[TypeText]:
        """The names and attributes in it, whole chains only, those in strings inside it too."""
        pending = [self.node]
        while pending:
            node = pending.pop()
            if isinstance(node, ast.Name | ast.Attribute):
                yield TypeText(self.source, node, self.place if self.offset is not None else node, self.offset)
            elif isinstance(node, ast.Constant) and isinstance(node.value, str) and self.offset is None:
                inner = in_string(self.source, node)
                yield from inner.parts() if inner else ()
            elif not (isinstance(node, ast.Subscript) and last_name(node.value) == "Literal"):
                pending.extend(c for c in ast.iter_child_nodes(node) if isinstance(c, ast.expr))


def in_string(source: Source, node: ast.Constant) -> TypeText | None:
    """The type expression that a string holds; None where it is none, or not written in one plain piece."""
    written = source.text(node)
    if not isinstance(node.value, str) or not written.isascii() or written[1:-1] != node.value or "\n" in written:
        return None
    if node.value != node.value.strip():
        return None
    try:
        parsed = ast.parse(node.value, mode="eval").body
    except SyntaxError:
        return None
    return TypeText(source, parsed, node, source.span(node)[0] + 1)


def last_name(node: ast.expr) -> str:
    """The last part of a dotted name."""
    return node.attr if isinstance(node, ast.Attribute) else node.id if isinstance(node, ast.Name) else ""


@dataclass(frozen=True, slots=True)
class Annotation:
    """A type expression that says what something holds; `function` is the one whose parameter or result it describes.

    `name` is the parameter's name, "" for a result or a variable; `target` is the variable's node.
    """

    node: ast.expr
    function: Function | None = None
    name: str = ""
    target: ast.expr | None = None


def annotated(program: Program, source: Source) -> Iterator[Annotation]:
    """The annotations of a file."""
    for node in source.nodes:
        match node:
            case ast.FunctionDef() | ast.AsyncFunctionDef():
                function = program.interpreter.by_node[node]
                spec = node.args
                every = [*spec.posonlyargs, *spec.args, *spec.kwonlyargs, *(a for a in (spec.vararg, spec.kwarg) if a)]
                for argument in every:
                    if argument.annotation:
                        yield Annotation(argument.annotation, function, argument.arg)
                if node.returns:
                    yield Annotation(node.returns, function)
            case ast.AnnAssign(annotation=annotation, target=target):
                yield Annotation(annotation, target=target)


def type_arguments(source: Source) -> Iterator[ast.expr]:
    """Type expressions outside annotations in which a string is a type: of `cast()`, of generic bases and aliases."""
    for node in source.nodes:
        match node:
            case ast.Call(func=function, args=[first, *_]) if last_name(function) == "cast":
                yield first
            case ast.ClassDef(bases=bases):
                yield from (b.slice for b in bases if isinstance(b, ast.Subscript))
            case ast.Assign(value=ast.Subscript(value=base, slice=inner)) if last_name(base)[:1].isupper():
                yield inner


# The names of the typing modules that take part in the types that change.
_TYPING = {
    "AbstractContextManager", "Awaitable", "Callable", "ContextManager", "Coroutine", "Generator", "Iterable",
    "Iterator", "abc",
}  # fmt: skip
_TYPING_MODULES = {"collections", "contextlib", "typing", "typing_extensions"}
_DATABASE_MODULES = {"sqlalchemy", "sqlmodel"}


class Names:
    """What the names of one file's type expressions mean. `locals` are those imported names that can matter here."""

    def __init__(self, program: Program, source: Source) -> None:
        self._program = program
        self._source = source
        self.locals = {
            alias.asname or (alias.name if isinstance(node, ast.ImportFrom) else alias.name.partition(".")[0])
            for node in source.nodes
            if isinstance(node, ast.Import | ast.ImportFrom)
            for alias in node.names
            if self._matters(node, alias)
        }

    def _matters(self, node: ast.Import | ast.ImportFrom, alias: ast.alias) -> bool:
        module = alias.name if isinstance(node, ast.Import) else node.module or ""
        root = module.partition(".")[0]
        if isinstance(node, ast.Import):
            is_own = self._program.interpreter.modules.absolute(module, self._source.path) is not None
            return is_own or root in _TYPING_MODULES | _DATABASE_MODULES
        path = imported_file(self._program, self._source, node)
        if path is None:
            return root in _DATABASE_MODULES or (root in _TYPING_MODULES and alias.name in _TYPING)
        found = self._program.interpreter.member(path, alias.name)
        classes = self._program.interpreter.objects.classes
        return any(isinstance(v, ModuleObject) or (isinstance(v, ClassObject) and v.cls not in classes) for v in found)

    @cached_property
    def _imported(self) -> dict[str, list[Imported]]:
        found: dict[str, list[Imported]] = {}
        for scope in scopes(self._source).all:
            for imported in scope.imports:
                found.setdefault(imported.local, []).append(imported)
        return found

    def dotted(self, part: TypeText) -> str:
        """The full dotted name of an imported thing; "" for anything else. A re-export counts as the thing itself."""
        match part.node:
            case ast.Name(id=local):
                imported = self._import_of(part, local)
                return self._full_name(imported) if imported else ""
            case ast.Attribute(value=base, attr=name):
                owners = self._program.values(base)
                known = {v.cls for v in self._program.values(part.node) if isinstance(v, ClassObject)}
                if owners and len(known) == 1 and all(isinstance(o, ModuleObject | External) for o in owners):
                    return known.pop()
                module = self.dotted(TypeText(part.source, base, part.place, part.offset))
                return self._member_of(module, name) if module else ""
        return ""

    def _import_of(self, part: TypeText, local: str) -> Imported | None:
        if local not in self.locals:
            return None
        candidates = self._imported.get(local, [])
        name = part.node if part.offset is None else ast.copy_location(ast.Name(local, ast.Load()), part.place)
        assert isinstance(name, ast.Name)
        scope = binding_scope(self._source, name, part.place)
        if scope is None or local in scope.others:
            return None
        return next((i for i in candidates if i in scope.imports), None)

    def _full_name(self, imported: Imported) -> str:
        if imported.name is None:
            return imported.module if imported.alias.asname else imported.module.partition(".")[0]
        assert isinstance(imported.statement, ast.ImportFrom)
        path = imported_file(self._program, self._source, imported.statement)
        if path is None:
            return _canonical(f"{imported.module}.{imported.name}")
        return self._class_in(path, imported.name)

    def _member_of(self, module: str, name: str) -> str:
        path = self._program.interpreter.modules.absolute(module, self._source.path)
        return self._class_in(path, name) if path else _canonical(f"{module}.{name}")

    def _class_in(self, path: str, name: str) -> str:
        """The class that a global of one of the project's files is."""
        found = {v.cls for v in self._program.interpreter.member(path, name) if isinstance(v, ClassObject)}
        return found.pop() if len(found) == 1 else ""


def _canonical(name: str) -> str:
    return library().canonical(name)
