"""What each scope of one file binds and uses: the ground on which imports are added and removed.

A name is resolved as Python does: functions and comprehensions see their own names and those around them, a class
body's names are seen by that body alone. Names inside string annotations and `# type:` comments count as uses.
"""

from __future__ import annotations

import ast
import io
import re
import tokenize
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import PurePosixPath

from ..analysis.once import once
from ..analysis.source import Source

_COMPREHENSIONS = (ast.ListComp, ast.SetComp, ast.DictComp, ast.GeneratorExp)
_TYPE_COMMENT = re.compile(r"#\s*type:\s*(?!ignore\b)(.+)")
_IDENTIFIER = re.compile(r"[^\W\d]\w*")


@dataclass(frozen=True, eq=False, slots=True)
class Imported:
    """One imported name. `module` is absolute as far as the file's path tells; `name` is None for `import module`.

    `guard` says when the binding happens: "" always, "typing" for type checkers alone, "fallback" in an exception
    handler, "maybe" under any other condition.
    """

    statement: ast.Import | ast.ImportFrom
    alias: ast.alias
    module: str
    name: str | None
    guard: str

    @property
    def local(self) -> str:
        """The name that the statement binds."""
        return self.alias.asname or (self.name or self.module.partition(".")[0])

    @property
    def expression(self) -> str:
        """How the imported thing is written in the file."""
        return self.alias.asname or self.name or self.module


@dataclass(eq=False, slots=True)
class Scope:
    """A module, class, function, lambda or comprehension.

    `others` are the names bound by anything but an import, `fallbacks` those bound in an exception handler alone.
    `used` holds the dotted chains (`sa`, `sa.orm`, `sa.orm.Session`) whose first name means this scope's binding;
    `evaluated` those of them that are read when the program runs, not by type checkers alone.
    """

    node: ast.AST
    name: str
    parent: Scope | None
    others: set[str] = field(default_factory=set)
    fallbacks: set[str] = field(default_factory=set)
    imports: list[Imported] = field(default_factory=list)
    used: set[str] = field(default_factory=set)
    evaluated: set[str] = field(default_factory=set)

    def binds(self, name: str) -> bool:
        return name in self.others or name in self.fallbacks or any(i.local == name for i in self.imports)

    @property
    def is_class(self) -> bool:
        return isinstance(self.node, ast.ClassDef)

    @property
    def enclosing(self) -> Scope | None:
        """The next scope outwards whose names are seen from here."""
        scope = self.parent
        while scope is not None and scope.is_class:
            scope = scope.parent
        return scope


@dataclass(eq=False)
class Scopes:
    """All scopes of a file, the module first. `unbound` holds the names that the file uses but nowhere binds."""

    all: list[Scope]
    unbound: set[str]
    stars: list[str]

    @property
    def module(self) -> Scope:
        return self.all[0]

    @cached_property
    def _by_node(self) -> dict[ast.AST, Scope]:
        return {scope.node: scope for scope in self.all}

    def around(self, node: ast.AST, source: Source) -> Scope:
        """The scope in which an expression at a node's place is evaluated."""
        by_node = self._by_node
        child, parent = node, source.parents.get(node)
        while parent is not None:
            if parent in by_node and not _is_outside(child, parent):
                return by_node[parent]
            child, parent = parent, source.parents.get(parent)
        return self.module


@once
def scopes(source: Source) -> Scopes:
    """The scopes of a file."""
    reader = _Reader(source)
    reader.visit(source.tree)
    reader.names_in_comments()
    return reader.resolve()


def _is_outside(child: ast.AST, parent: ast.AST) -> bool:
    """Is a child of a scope's node evaluated in the scope around it?"""
    if isinstance(parent, ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef):
        return child not in parent.body
    if isinstance(parent, ast.Lambda):
        return child is not parent.body
    return False


def is_type_checking(test: ast.expr) -> bool:
    """Is a condition true for type checkers alone?"""
    return (isinstance(test, ast.Name) and test.id == "TYPE_CHECKING") or (
        isinstance(test, ast.Attribute) and test.attr == "TYPE_CHECKING"
    )


def absolute(source: Source, level: int, module: str | None) -> str:
    """The dotted module that a relative import of a file means, counted from the project's root."""
    if not level:
        return module or ""
    folders = PurePosixPath(source.path).parent.parts
    package = folders[: len(folders) - level + 1] if level - 1 <= len(folders) else ()
    return ".".join([*package, *([module] if module else [])])


class _Reader(ast.NodeVisitor):
    """Collects bindings and uses in one pass; uses are resolved when all bindings are known."""

    def __init__(self, source: Source) -> None:
        self.source = source
        self.scope = Scope(source.tree, "", None)
        self.all = [self.scope]
        self.stars: list[str] = []
        self.uses: list[tuple[Scope, str, bool]] = []
        self.globals: dict[Scope, set[str]] = {}
        self.nonlocals: dict[Scope, set[str]] = {}
        self.evaluated = True
        self.guard = ""
        self.future = any(
            isinstance(s, ast.ImportFrom) and s.module == "__future__" and any(a.name == "annotations" for a in s.names)
            for s in source.tree.body
        )

    # Scopes

    @contextmanager
    def _inside(self, node: ast.AST, name: str) -> Iterator[None]:
        outer = self.scope, self.guard
        self.scope = Scope(node, f"{self.scope.name}.{name}", self.scope)
        self.all.append(self.scope)
        self.guard = ""
        yield
        self.scope, self.guard = outer

    def visit_ClassDef(self, node: ast.ClassDef) -> None:
        self._bind(node.name)
        self._visit_all(node.decorator_list)
        for child in [*node.bases, *node.keywords]:
            self.visit(child)
            self._strings_in_slices(child)
        with self._inside(node, node.name):
            self._type_parameters(node)
            self._visit_all(node.body)

    def visit_FunctionDef(self, node: ast.FunctionDef | ast.AsyncFunctionDef) -> None:
        self._bind(node.name)
        self._visit_all(node.decorator_list)
        self._arguments(node.args)
        self._annotation(node.returns)
        with self._inside(node, node.name):
            self._type_parameters(node)
            self._bind_arguments(node.args)
            self._visit_all(node.body)

    visit_AsyncFunctionDef = visit_FunctionDef

    def visit_Lambda(self, node: ast.Lambda) -> None:
        self._arguments(node.args)
        with self._inside(node, "<lambda>"):
            self._bind_arguments(node.args)
            self.visit(node.body)

    def _visit_comprehension(self, node: ast.ListComp | ast.SetComp | ast.DictComp | ast.GeneratorExp) -> None:
        self.visit(node.generators[0].iter)
        with self._inside(node, "<comprehension>"):
            for index, generator in enumerate(node.generators):
                self.visit(generator.target)
                self._visit_all([generator.iter] if index else [])
                self._visit_all(generator.ifs)
            self._visit_all([node.key, node.value] if isinstance(node, ast.DictComp) else [node.elt])

    visit_ListComp = visit_SetComp = visit_DictComp = visit_GeneratorExp = _visit_comprehension

    def visit_NamedExpr(self, node: ast.NamedExpr) -> None:
        scope = self.scope
        while isinstance(scope.node, _COMPREHENSIONS) and scope.parent:
            scope = scope.parent
        scope.others.add(node.target.id)
        self.visit(node.value)

    # Bindings

    def _bind(self, name: str) -> None:
        (self.scope.fallbacks if self.guard == "fallback" else self.scope.others).add(name)

    def _arguments(self, arguments: ast.arguments) -> None:
        self._visit_all([*arguments.defaults, *(d for d in arguments.kw_defaults if d)])
        for argument in _all_arguments(arguments):
            self._annotation(argument.annotation)

    def _bind_arguments(self, arguments: ast.arguments) -> None:
        for argument in _all_arguments(arguments):
            self._bind(argument.arg)

    def _type_parameters(self, node: ast.AST) -> None:
        for parameter in getattr(node, "type_params", ()):  # Python 3.12
            self._bind(parameter.name)
            self.generic_visit(parameter)

    def visit_ExceptHandler(self, node: ast.ExceptHandler) -> None:
        if node.name:
            self._bind(node.name)
        with self._guarded("fallback"):
            self.generic_visit(node)

    def visit_MatchAs(self, node: ast.MatchAs | ast.MatchStar) -> None:
        if node.name:
            self._bind(node.name)
        self.generic_visit(node)

    visit_MatchStar = visit_MatchAs

    def visit_MatchMapping(self, node: ast.MatchMapping) -> None:
        if node.rest:
            self._bind(node.rest)
        self.generic_visit(node)

    def visit_Global(self, node: ast.Global) -> None:
        self.globals.setdefault(self.scope, set()).update(node.names)

    def visit_Nonlocal(self, node: ast.Nonlocal) -> None:
        self.nonlocals.setdefault(self.scope, set()).update(node.names)

    def visit_Import(self, node: ast.Import) -> None:
        for alias in node.names:
            self.scope.imports.append(Imported(node, alias, alias.name, None, self.guard))

    def visit_ImportFrom(self, node: ast.ImportFrom) -> None:
        module = absolute(self.source, node.level, node.module)
        for alias in node.names:
            if alias.name == "*":
                self.stars.append(module)
            else:
                self.scope.imports.append(Imported(node, alias, module, alias.name, self.guard))

    # Conditions

    @contextmanager
    def _guarded(self, guard: str) -> Iterator[None]:
        outer = self.guard
        self.guard = outer or guard
        yield
        self.guard = outer

    def visit_If(self, node: ast.If) -> None:
        self.visit(node.test)
        with self._guarded("typing" if is_type_checking(node.test) else "maybe"):
            self._visit_all(node.body)
        with self._guarded("maybe"):
            self._visit_all(node.orelse)

    def visit_For(self, node: ast.AST) -> None:
        with self._guarded("maybe"):
            self.generic_visit(node)

    visit_AsyncFor = visit_While = visit_Match = visit_For

    # Uses

    def _use(self, chain: str) -> None:
        self.uses.append((self.scope, chain, self.evaluated))

    def visit_Name(self, node: ast.Name) -> None:
        if isinstance(node.ctx, ast.Store):
            self._bind(node.id)
        else:
            self._use(node.id)

    def visit_Attribute(self, node: ast.Attribute) -> None:
        names, base = [node.attr], node.value
        while isinstance(base, ast.Attribute):
            names.append(base.attr)
            base = base.value
        if isinstance(base, ast.Name):
            names.append(base.id)
            names.reverse()
            for end in range(1, len(names) + 1):
                self._use(".".join(names[:end]))
        else:
            self.visit(base)

    def visit_AugAssign(self, node: ast.AugAssign) -> None:
        if isinstance(node.target, ast.Name):
            self._use(node.target.id)
        if _mentions_all(node.target):
            self._exports(node.value)
        self.generic_visit(node)

    def visit_Assign(self, node: ast.Assign) -> None:
        if any(map(_mentions_all, node.targets)):
            self._exports(node.value)
        self._strings_in_slices(node.value)
        self.generic_visit(node)

    def visit_AnnAssign(self, node: ast.AnnAssign) -> None:
        self.visit(node.target)
        self._annotation(node.annotation)
        if node.value is None:
            return
        if _mentions_all(node.target):
            self._exports(node.value)
        if _last_name(node.annotation) == "TypeAlias" and isinstance(node.value, ast.Constant):
            self._string(node.value)
        self._strings_in_slices(node.value)
        self.visit(node.value)

    def visit_Call(self, node: ast.Call) -> None:
        if isinstance(node.func, ast.Attribute) and _mentions_all(node.func.value):
            for argument in node.args:
                self._exports(argument)
        for argument in _type_arguments(node):
            self._strings_in_slices(argument)
            self._string(argument)
        self.generic_visit(node)

    def _exports(self, value: ast.expr) -> None:
        for node in ast.walk(value):
            if isinstance(node, ast.Constant) and isinstance(node.value, str):
                self.uses.append((self.all[0], node.value, True))

    def _annotation(self, node: ast.expr | None) -> None:
        if node is None:
            return
        outer = self.evaluated
        self.evaluated = outer and not self.future
        self.visit(node)
        self.evaluated = outer
        for part in _types_in(node):
            self._string(part)

    def _strings_in_slices(self, node: ast.AST) -> None:
        """Strings of a type that is an ordinary expression: a base class `Generic["X"]`, an alias `Optional["X"]`."""
        for part in ast.walk(node):
            if isinstance(part, ast.Subscript) and _last_name(part.value)[:1].isupper():
                for string in _types_in(part):
                    self._string(string)

    def _string(self, node: ast.AST) -> None:
        """The names in a string that is a type."""
        if not (isinstance(node, ast.Constant) and isinstance(node.value, str)):
            return
        try:
            expression = ast.parse(node.value.strip(), mode="eval")
        except (SyntaxError, ValueError):
            return
        outer = self.evaluated
        self.evaluated = False
        self.visit(expression.body)
        for part in ast.walk(expression):
            self._string(part)
        self.evaluated = outer

    def names_in_comments(self) -> None:
        """A `# type:` comment may use a name of any scope."""
        if b"type:" not in self.source.content:
            return
        readline = io.BytesIO(self.source.content).readline
        for token in tokenize.tokenize(readline):
            comment = _TYPE_COMMENT.match(token.string) if token.type == tokenize.COMMENT else None
            if comment:
                for name in _IDENTIFIER.findall(comment[1]):
                    self.uses.extend((scope, name, False) for scope in self.all)

    def _visit_all(self, nodes: Iterable[ast.AST]) -> None:
        for node in nodes:
            self.visit(node)

    # The end

    def resolve(self) -> Scopes:
        for scope, names in self.globals.items():
            self.all[0].others |= (scope.others | scope.fallbacks) & names
            self.all[0].imports += [i for i in scope.imports if i.local in names]
        for scope, names in [*self.globals.items(), *self.nonlocals.items()]:
            scope.others -= names
            scope.fallbacks -= names
            scope.imports = [i for i in scope.imports if i.local not in names]
        unbound = set()
        for start, chain, evaluated in self.uses:
            root = chain.partition(".")[0]
            homes = _homes(start, root)
            for home in homes:
                home.used.add(chain)
                if evaluated:
                    home.evaluated.add(chain)
            if not homes:
                unbound.add(root)
        return Scopes(self.all, unbound, self.stars)


def _homes(start: Scope, name: str) -> list[Scope]:
    """The scopes whose binding a name may mean: one, and the outer one too where a class body binds it itself."""
    homes = [start] if start.is_class and start.binds(name) else []
    scope = start if not start.is_class else start.enclosing
    while scope is not None:
        if scope.binds(name):
            return [*homes, scope]
        scope = scope.enclosing
    return homes


def _types_in(node: ast.AST) -> Iterator[ast.AST]:
    """The parts of a type expression; what `Literal[…]` holds are values."""
    yield node
    if not (isinstance(node, ast.Subscript) and _last_name(node.value) == "Literal"):
        for child in ast.iter_child_nodes(node):
            yield from _types_in(child)


def _all_arguments(arguments: ast.arguments) -> list[ast.arg]:
    starred = [a for a in (arguments.vararg, arguments.kwarg) if a]
    return [*arguments.posonlyargs, *arguments.args, *arguments.kwonlyargs, *starred]


def _mentions_all(node: ast.expr) -> bool:
    return isinstance(node, ast.Name) and node.id == "__all__"


def _last_name(node: ast.expr) -> str:
    if isinstance(node, ast.Attribute):
        return node.attr
    return node.id if isinstance(node, ast.Name) else ""


def _type_arguments(call: ast.Call) -> list[ast.expr]:
    """The arguments of a call of the `typing` module that are types."""
    match _last_name(call.func):
        case "cast":
            return call.args[:1]
        case "NewType" | "TypeVar":
            return [*call.args[1:], *(k.value for k in call.keywords if k.arg in {"bound", "default"})]
    return []
