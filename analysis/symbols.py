"""Functions, classes and modules of the project, as they are written."""

from __future__ import annotations

import ast
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import TypeAlias

from .source import Site, Source, children

FunctionNode: TypeAlias = ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda | ast.Module
# Types of what is awaited, or iterated with `async for`.
AWAITED = frozenset({"Awaitable", "Coroutine", "AsyncIterator", "AsyncIterable", "AsyncGenerator"})
SCOPES = (ast.FunctionDef, ast.AsyncFunctionDef, ast.Lambda, ast.ClassDef)


@dataclass(eq=False, slots=True)
class Class:
    """A class of the project. `key` is `path::qualified.name`.

    `is_collected`: pytest collects its tests, where it stands or in a class that inherits them.
    """

    key: str
    name: str
    source: Source
    node: ast.ClassDef
    scope: Function
    methods: dict[str, Function] = field(default_factory=dict)
    is_collected: bool = False

    def __repr__(self) -> str:
        return f"<class {self.key}>"


@dataclass(eq=False)
class Function:
    """A function, method or lambda of the project, or a module's body. `key` is `path::qualified.name`.

    `declares_generators`: it has no body of its own, and the methods that override it are generators, as it counts too.
    """

    key: str
    qualname: str
    source: Source
    node: FunctionNode
    parent: Function | None = None
    owner: Class | None = None
    is_generator: bool = False
    declares_generators: bool = False
    globals: frozenset[str] = frozenset()

    def __repr__(self) -> str:
        return f"<function {self.key}>"

    @cached_property
    def name(self) -> str:
        return self.qualname.rpartition(".")[2]

    @property
    def is_async(self) -> bool:
        return isinstance(self.node, ast.AsyncFunctionDef)

    @property
    def is_module(self) -> bool:
        return isinstance(self.node, ast.Module)

    @property
    def is_lambda(self) -> bool:
        return isinstance(self.node, ast.Lambda)

    @property
    def decorators(self) -> list[ast.expr]:
        return self.node.decorator_list if isinstance(self.node, ast.FunctionDef | ast.AsyncFunctionDef) else []

    @cached_property
    def body(self) -> list[ast.stmt]:
        if isinstance(self.node, ast.Lambda):
            return [ast.copy_location(ast.Return(self.node.body), self.node.body)]
        return self.node.body

    @property
    def arguments(self) -> ast.arguments | None:
        return None if isinstance(self.node, ast.Module) else self.node.args

    @cached_property
    def binding(self) -> str:
        """How the function is bound when read from an object: "instance", "class", "static" or "" (not a method)."""
        if self.owner is None or self.is_lambda:
            return ""
        names = {decorator_name(d) for d in self.decorators} | _made_of(self.name, self.owner.node.body)
        if "staticmethod" in names:
            return "static"
        if "classmethod" in names or self.name in {"__init_subclass__", "__class_getitem__"}:
            return "class"
        return "static" if self.name == "__new__" else "instance"

    @cached_property
    def is_property(self) -> bool:
        """Is reading the attribute a call of this function?"""
        names = {decorator_name(d) for d in self.decorators}
        return self.owner is not None and bool(
            names & {"property", "cached_property", "hybrid_property", "computed_field", "abstractproperty"}
        )

    @property
    def is_stub(self) -> bool:
        """Is the body nothing but a docstring, `...`, `pass` or `raise NotImplementedError`?"""
        return all(map(_says_nothing, self.body)) and not self.is_module

    @property
    def promises(self) -> bool:
        """Is it a plain `def` that says it gives something to await, or to iterate with `async for`?"""
        returned = self.node.returns if isinstance(self.node, ast.FunctionDef) else None
        if isinstance(returned, ast.Subscript):
            returned = returned.value
        return returned is not None and dotted(returned).rpartition(".")[2] in AWAITED

    def site(self) -> Site:
        """The place of the function's first line (of `def`, not of its decorators)."""
        if isinstance(self.node, ast.Module):
            return Site(self.source.path, 1, 0, 1, 0)
        return self.source.site(self.node)

    def parameters(self) -> list[ast.arg]:
        """All parameters in order, `*args` and `**kwargs` left out."""
        return self._parameters

    @cached_property
    def _parameters(self) -> list[ast.arg]:
        arguments = self.arguments
        return [*arguments.posonlyargs, *arguments.args, *arguments.kwonlyargs] if arguments else []

    def own_nodes(self) -> list[ast.AST]:
        """The nodes that run when the function runs: nested functions' bodies are left out, class bodies are not.

        A nested function's decorators and defaults belong to the function around it.
        """
        return self._own_nodes

    @cached_property
    def _own_nodes(self) -> list[ast.AST]:
        found: list[ast.AST] = []
        body: list[ast.AST] = [self.node.body] if isinstance(self.node, ast.Lambda) else list(self.node.body)
        pending = body[::-1]
        while pending:
            node = pending.pop()
            found.append(node)
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda):
                pending.extend(reversed(evaluated_at_definition(node)))
            else:
                pending.extend(reversed(children(node)))
        return found


def evaluated_at_definition(node: ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda) -> list[ast.AST]:
    """What runs when a `def` or lambda is reached: decorators and defaults."""
    decorators: list[ast.AST] = [] if isinstance(node, ast.Lambda) else list(node.decorator_list)
    return [*decorators, *node.args.defaults, *(d for d in node.args.kw_defaults if d)]


def decorator_name(decorator: ast.expr) -> str:
    """The last part of a decorator's dotted name: `functools.wraps(f)` -> "wraps"."""
    node = decorator.func if isinstance(decorator, ast.Call) else decorator
    if isinstance(node, ast.Attribute):
        return node.attr
    return node.id if isinstance(node, ast.Name) else ""


def _made_of(name: str, body: list[ast.stmt]) -> set[str]:
    """What a class body makes of a function of its own: `find = classmethod(_find)`."""
    found = set()
    for statement in body:
        match statement:
            case ast.Assign(value=ast.Call(args=[ast.Name(id=given)]) as call) if given == name:
                found.add(decorator_name(call))
    return found


def is_super(node: ast.expr) -> bool:
    """Is this a call of `super`?"""
    return isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "super"


def dotted(node: ast.expr) -> str:
    """`a.b.c` of a chain of names; "" for anything else."""
    if isinstance(node, ast.Name):
        return node.id
    if isinstance(node, ast.Attribute):
        base = dotted(node.value)
        return f"{base}.{node.attr}" if base else ""
    return ""


def _says_nothing(statement: ast.stmt) -> bool:
    match statement:
        case ast.Pass():
            return True
        case ast.Expr(value=ast.Constant()):
            return True
        case ast.Raise(exc=ast.Name(id="NotImplementedError") | ast.Call(func=ast.Name(id="NotImplementedError"))):
            return True
    return False


class Collector(ast.NodeVisitor):
    """Collects the functions and classes of one file, the module's body first."""

    def __init__(self, source: Source) -> None:
        self.source = source
        self.module = Function(f"{source.path}::", "", source, source.tree)
        self.functions: list[Function] = [self.module]
        self.classes: list[Class] = []
        self._function = self.module
        self._class: Class | None = None
        self._names: list[str] = []
        self._seen: dict[str, int] = {}
        self.generic_visit(source.tree)

    def _key(self, name: str) -> tuple[str, str]:
        qualname = ".".join([*self._names, name])
        count = self._seen[qualname] = self._seen.get(qualname, 0) + 1
        return f"{self.source.path}::{qualname}" + (f"#{count}" if count > 1 else ""), qualname

    def visit_ClassDef(self, node: ast.ClassDef) -> None:
        for child in [*node.decorator_list, *node.bases, *node.keywords]:
            self.visit(child)
        key, _ = self._key(node.name)
        cls = Class(key, node.name, self.source, node, self._function)
        self.classes.append(cls)
        before = self._class
        self._class = cls
        self._names.append(node.name)
        for statement in node.body:
            self.visit(statement)
        self._names.pop()
        self._class = before

    def visit_FunctionDef(self, node: ast.FunctionDef | ast.AsyncFunctionDef) -> None:
        self._visit_function(node, node.name)

    visit_AsyncFunctionDef = visit_FunctionDef

    def visit_Lambda(self, node: ast.Lambda) -> None:
        self._visit_function(node, "<lambda>")

    def _visit_function(self, node: ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda, name: str) -> None:
        for child in evaluated_at_definition(node):
            self.visit(child)
        key, qualname = self._key(name)
        owner = self._class if not isinstance(node, ast.Lambda) else None
        function = Function(key, qualname, self.source, node, self._function, owner)
        self.functions.append(function)
        # A setter or an overload may share the name; what the class answers with is the last plain definition.
        is_plain = not any(decorator_name(d) in {"setter", "deleter", "overload"} for d in function.decorators)
        if owner is not None and is_plain:
            owner.methods[name] = function
        outer = self._function, self._class
        self._function, self._class = function, None
        self._names.append(name)
        for child in [node.body] if isinstance(node, ast.Lambda) else node.body:
            self.visit(child)
        self._names.pop()
        self._function, self._class = outer

    def visit_Yield(self, node: ast.Yield | ast.YieldFrom) -> None:
        self._function.is_generator = True
        self.generic_visit(node)

    visit_YieldFrom = visit_Yield

    def visit_Global(self, node: ast.Global | ast.Nonlocal) -> None:
        if isinstance(node, ast.Global):
            self._function.globals |= frozenset(node.names)


class Symbols:
    """The functions, by key and by node, and the classes of all files."""

    def __init__(self, sources: Iterable[Source]) -> None:
        self.sources = tuple(sources)
        self.functions: dict[str, Function] = {}
        self.by_node: dict[ast.AST, Function] = {}
        self.classes: list[Class] = []
        for source in self.sources:
            collected = Collector(source)
            self.classes.extend(collected.classes)
            for function in collected.functions:
                self.functions[function.key] = function
                self.by_node[function.node] = function
        for stub in _declaring_generators(self.classes):
            stub.is_generator = stub.declares_generators = True


def _declaring_generators(classes: Iterable[Class]) -> list[Function]:
    """The methods without a body that only generators override, in classes that name theirs as a base."""
    by_name: defaultdict[str, list[Class]] = defaultdict(list)
    for cls in classes:
        by_name[cls.name].append(cls)
    overrides: defaultdict[Function, list[Function]] = defaultdict(list)
    for cls in classes:
        for base in _above(cls, by_name):
            for name, stub in base.methods.items():
                if name in cls.methods and stub.is_stub and not stub.is_async:
                    overrides[stub].append(cls.methods[name])
    with_bodies = {stub: [f for f in found if not f.is_stub] for stub, found in overrides.items()}
    return [stub for stub, found in with_bodies.items() if found and all(f.is_generator for f in found)]


def _above(cls: Class, by_name: Mapping[str, list[Class]]) -> Iterator[Class]:
    """The classes that may be above a class, by the names of their bases."""
    seen = {cls.name}
    pending = [cls]
    while pending:
        for base in pending.pop().node.bases:
            name = dotted(base.value if isinstance(base, ast.Subscript) else base).rpartition(".")[2]
            if name not in seen and name in by_name:
                seen.add(name)
                pending.extend(by_name[name])
                yield from by_name[name]
