"""The URL that an engine is given: a literal gets its async driver where it stands, any other goes through a function.

The function, `async_url`, is written into the project once, beside the first engine that needs it; other modules import
it from there.
"""

from __future__ import annotations

import ast
from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from ..analysis.fixtures import is_test_file
from ..analysis.program import Program
from ..analysis.source import Source
from ..analysis.values import ClassObject, External
from .driver_names import ready_dialect
from .drivers import function_text, named_dialect, redriven
from .edit import Edit, Import, Replace, Wrap
from .imports import request
from .references import Reference, bound_values, references, variable_home
from .scopes import scopes
from .top_level import definition_before, top_statement

FUNCTION = "async_url"
_SAFE_TESTS = {"startswith", "endswith"}


@dataclass(frozen=True, slots=True)
class Url:
    """One URL of an engine that becomes async: the argument, or what stands for it in a call that names no URL."""

    source: Source
    node: ast.expr
    is_argument: bool = True


class Urls:
    """The URLs of all engines that become async, and the edits for them.

    `literals` are the literals to be changed where they stand, with their edits; `edits` are those at the engines, and
    `functions` says by what name each of them calls the function, `dialects` what kind of database a literal names.
    """

    def __init__(self, program: Program, urls: Iterable[Url]) -> None:
        self.program = program
        self.urls = list(urls)
        self.literals: dict[ast.expr, tuple[Source, list[Replace]]] = {}
        self.edits: defaultdict[ast.expr, list[Edit]] = defaultdict(list)
        self.functions: dict[ast.expr, str] = {}
        self.dialects: dict[ast.expr, str] = {}
        self._nodes = {u.node for u in self.urls}
        calculated: list[Url] = []
        for url in self.urls:
            if url.is_argument and (ready := ready_dialect(program, url.node)):
                self.dialects[url.node] = ready
                continue
            found = self._literals(url.source, url.node, set()) if url.is_argument else None
            if found is None:
                calculated.append(url)
                continue
            self.dialects[url.node] = named_dialect(found[0][0].text(found[0][1]))
            for source, literal in found:
                self.literals[literal] = source, list(redriven(self.program, source, *source.span(literal)))
        self._call_function(calculated)

    # Literals

    def _literals(self, source: Source, node: ast.expr, seen: set[ast.expr]) -> list[tuple[Source, ast.expr]] | None:
        """The literals that decide on the driver; None where anything else may do so."""
        if node in seen:
            return None
        seen = {*seen, node}
        match node:
            case ast.Constant(value=str()) | ast.JoinedStr():
                return [(source, node)] if named_dialect(source.text(node)) else None
            case ast.BinOp(left=ast.Constant() | ast.JoinedStr() | ast.BinOp() as left, op=ast.Add() | ast.Mod()):
                return self._literals(source, left, seen)
            case ast.Call(func=ast.Attribute(value=ast.Constant() as template, attr="format")):
                return self._literals(source, template, seen)
            case ast.Call(args=[first, *_]) if _makes_url(self.program, node):
                return self._literals(source, first, seen)
            case ast.Call(keywords=[ast.keyword(arg="drivername", value=first), *_]) if _makes_url(self.program, node):
                return self._literals(source, first, seen)
            case ast.IfExp(body=body, orelse=orelse):
                return _all_of(self._literals(source, part, seen) for part in (body, orelse))
            case ast.Name() | ast.Attribute():
                return self._variable(source, node, seen)
        return None

    def _variable(
        self, source: Source, node: ast.Name | ast.Attribute, seen: set[ast.expr]
    ) -> list[tuple[Source, ast.expr]] | None:
        home = variable_home(self.program, source, node)
        if home is None:
            return None
        where, function, name = home
        bound = bound_values(self.program, function, name)
        if bound is None or self.program.stays_sync(function):
            return None
        known = references(self.program)
        if isinstance(node, ast.Name) and not function.is_module:
            reads = known.in_function(where, node)
        else:
            reads = known.of(where.path, name)
        if not all(self._is_safe(read) for read in reads):
            return None
        return _all_of(self._literals(where, value, seen) for value in bound)

    def _is_safe(self, read: Reference) -> bool:
        """Does a read of a URL go on to work with the async driver in it?"""
        if read.node in self._nodes:
            return True
        parent = read.source.parents[read.node]
        match parent:
            case ast.Call() if _makes_url(self.program, parent):
                return parent in self._nodes
            case ast.Attribute(attr=name):
                call = read.source.parents[parent]
                return name in _SAFE_TESTS and isinstance(call, ast.Call) and all(map(_is_bare_dialect, call.args))
            case ast.Compare(left=left, ops=[ast.In() | ast.NotIn()]):
                return _is_bare_dialect(left)
            case ast.Compare(ops=[ast.Is() | ast.IsNot()], comparators=[ast.Constant(value=None)]):
                return True
            case ast.If() | ast.Assert():
                return parent.test is read.node
        return False

    # The function

    def _call_function(self, urls: list[Url]) -> None:
        by_file: defaultdict[str, list[Url]] = defaultdict(list)
        for url in urls:
            by_file[url.source.path].append(url)
        known = references(self.program)
        home = min(by_file, key=lambda p: (is_test_file(p), -len(known.imported_by(p)), p), default="")
        for path, of_file in by_file.items():
            source = of_file[0].source
            imports_home = path != home and known.imports(path, home) and not known.imports(home, path)
            if imports_home:
                for url in of_file:
                    self._wrap(url, request(source, known.spelling(source, home), FUNCTION, at=url.node))
                continue
            name = _free_name(source)
            for url in of_file:
                self._wrap(url, (name, None))
            self.edits[of_file[0].node].extend(_definition(self.program, source, of_file, name))

    def _wrap(self, url: Url, name: tuple[str, Import | None]) -> None:
        text, wanted = name
        self.functions[url.node] = text
        if url.is_argument:
            self.edits[url.node].append(Wrap(*url.source.span(url.node), f"{text}(", ")"))
        if wanted is not None:
            self.edits[url.node].append(wanted)


def _definition(program: Program, source: Source, urls: Iterable[Url], name: str) -> Iterator[Edit]:
    """The function's text in front of the first statement that calls it."""
    first = min((top_statement(source, u.node) for u in urls), key=lambda s: s.lineno)
    spelled = [request(source, "sqlalchemy.engine", wanted) for wanted in ("URL", "make_url")]
    yield from (wanted for _, wanted in spelled if wanted is not None)
    text = function_text(program, name, *(spelling for spelling, _ in spelled))
    if _prefers_single_quotes(source):
        text = "\n".join(line if '"""' in line else line.replace('"', "'") for line in text.split("\n"))
    yield definition_before(source, first, text)


def _prefers_single_quotes(source: Source) -> bool:
    marks = [source.text(n).lstrip("bBfFrRuU")[:1] for n in source.nodes if isinstance(n, ast.Constant | ast.JoinedStr)]
    return marks.count("'") > marks.count('"')


def _free_name(source: Source) -> str:
    file = scopes(source)
    name = FUNCTION
    while any(scope.binds(name) for scope in file.all):
        name = f"{name}_"
    return name


def _makes_url(program: Program, call: ast.Call) -> bool:
    """Is this `make_url(…)` or `URL.create(…)`?"""
    for value in program.values(call.func):
        name = value.name if isinstance(value, External) else value.cls if isinstance(value, ClassObject) else ""
        if name.startswith("sqlalchemy.") and name.endswith((".make_url", ".URL.create", ".URL")):
            return True
    return False


def _all_of(
    parts: Iterable[list[tuple[Source, ast.expr]] | None],
) -> list[tuple[Source, ast.expr]] | None:
    found: list[tuple[Source, ast.expr]] = []
    for part in parts:
        if part is None:
            return None
        found += part
    return found or None


def _is_bare_dialect(node: ast.expr) -> bool:
    """Is this a string that is part of a URL with and without a driver?"""
    return isinstance(node, ast.Constant) and isinstance(node.value, str) and not set(node.value) & set(":+/")
