"""What a check reports."""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import asdict, dataclass, replace
from typing import Any

from ..analysis import decisions
from ..analysis.source import Site, Source
from .fix import Edit, Fix

Node = ast.expr | ast.stmt | ast.arg | ast.alias | ast.keyword | ast.excepthandler
DEFINITIONS = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)


@dataclass(frozen=True, slots=True)
class Step:
    """One link of the chain that makes a finding true: a place and what happens there."""

    path: str
    line: int
    text: str


@dataclass(frozen=True, slots=True)
class Finding:
    """Something that must not be, at one place.

    Lines count from 1, columns from 0 in bytes; the end is the place behind the last byte. `function` is the qualified
    name of the function around it ("" at module level); `chain` leads from the place to what makes it true, such as
    down to the database. `source` is the code there, without its layout. `kept` is the reason why it stays as it is
    on purpose; "" for what has to be mended.
    """

    path: str
    line: int
    column: int
    end_line: int
    end_column: int
    code: str
    message: str
    function: str = ""
    chain: tuple[Step, ...] = ()
    source: str = ""
    kept: str = ""
    fix: Fix | None = None

    @property
    def key(self) -> tuple[str, str, str, str]:
        """What stays the same when the code around it moves: rule, file, function and code."""
        return self.code, self.path, self.function, self.source

    @property
    def order(self) -> tuple[str, int, int, str, str]:
        """Findings are told in this order."""
        return self.path, self.line, self.column, self.code, self.message

    def moved(self, relative: Callable[[str], str]) -> Finding:
        """The finding with other paths."""
        chain = tuple(replace(step, path=relative(step.path)) for step in self.chain)
        return replace(self, path=relative(self.path), chain=chain)

    def as_json(self) -> dict[str, Any]:
        """The finding as JSON values."""
        return asdict(self)

    @classmethod
    def from_json(cls, values: Mapping[str, Any]) -> Finding:
        """The finding of which these are the JSON values."""
        chain = tuple(Step(**step) for step in values["chain"])
        return cls(**{**values, "chain": chain, "fix": _fix_of(values["fix"])})


def _fix_of(values: Mapping[str, Any] | None) -> Fix | None:
    if values is None:
        return None
    imports = tuple((module, name) for module, name in values["imports"])
    return Fix(tuple(Edit(**edit) for edit in values["edits"]), imports, values["is_safe"])


def finding(
    source: Source,
    node: Node,
    code: str,
    message: str,
    chain: Iterable[Step | decisions.Step] = (),
    *,
    kept: str = "",
    fix: Fix | None = None,
) -> Finding:
    """A finding at a node; of a function or class it is the line of its `def` or `class`."""
    site = _heading(source, node) if isinstance(node, DEFINITIONS) else source.site(node)
    return Finding(
        site.path,
        site.line,
        site.column,
        site.end_line,
        site.end_column,
        code,
        message,
        function_around(source, node),
        tuple(s if isinstance(s, Step) else Step(s.site.path, s.site.line, s.what) for s in chain),
        _normalised(node),
        kept,
        fix,
    )


def function_around(source: Source, node: ast.AST) -> str:
    """The qualified name of the function that a node stands in, or that it defines; "" at module level."""
    return ".".join(reversed(list(_names_around(source, node))))


def _names_around(source: Source, node: ast.AST) -> Iterator[str]:
    inside_function = False
    current: ast.AST | None = node
    while current is not None:
        match current:
            case ast.FunctionDef(name=name) | ast.AsyncFunctionDef(name=name):
                inside_function = True
                yield name
            case ast.ClassDef(name=name) if inside_function:
                yield name
        current = source.parents.get(current)


def _heading(source: Source, node: ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef) -> Site:
    start = source.offset(node.lineno, 0)
    width = len(source.content[start:].split(b"\n", 1)[0].rstrip())
    return Site(source.path, node.lineno, node.col_offset, node.lineno, width)


def _normalised(node: Node) -> str:
    """A node's code as Python itself would lay it out; of a statement with a body its heading."""
    if isinstance(node, DEFINITIONS):
        return node.name
    text = ast.unparse(node)
    return text.split("\n", 1)[0] if isinstance(node, ast.stmt | ast.excepthandler) else text
