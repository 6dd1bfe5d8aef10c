"""Templates that read mapped objects: what stands behind a dot in a template, of what it is rendered with.

Jinja reads attributes when it renders, which is sync code: whatever a template reads has to be loaded before.
"""

from __future__ import annotations

import ast
import os
import re
from collections.abc import Iterator
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

from .responses import Reading, Responses
from .symbols import Function
from .tracing import Tracing
from .values import Text, Values

if TYPE_CHECKING:
    from .program import Program

RENDERING = frozenset({"TemplateResponse", "render", "render_template", "render_async"})
LOADING = frozenset({"get_template", "select_template"})
SUFFIXES = (".html", ".htm", ".jinja", ".jinja2", ".j2", ".txt", ".xml")
SKIPPED = frozenset({"node_modules", "site-packages", "__pycache__", "venv"})
_OTHERS = re.compile(r"""\{%-?\s*(?:extends|include|import|from)\s+["']([^"']+)["']""")
_NAMES = re.compile(r"""\.\s*([A-Za-z_]\w*)|\[\s*["'](\w+)["']\s*\]|attr(?:ibute)?\s*[=(]\s*["']([\w.]+)["']""")


class Templates:
    """All that templates read, by the values of a traced run."""

    def __init__(self, program: Program, tracing: Tracing, responses: Responses) -> None:
        self._program = program
        self._tracing = tracing
        self._responses = responses
        self._names: dict[str, frozenset[str]] = {}

    def readings(self) -> Iterator[Reading]:
        """What is read at each place where a template is given a mapped object."""
        for function, name, node in self._places:
            names = self._names_in(name)
            if names:
                values = self._tracing.values.get(node, frozenset())
                yield from self._read(function, node, values, names, is_outer=True, above=frozenset())

    def _read(
        self,
        function: Function,
        node: ast.expr,
        values: Values,
        names: frozenset[str],
        is_outer: bool,
        above: frozenset[str],
    ) -> Iterator[Reading]:
        for cls, origins, is_direct in self._responses.grouped(values):
            mapped = self._tracing.objects.mapped[cls]
            if mapped is None or cls in above:
                continue
            for name in sorted(names & {*mapped.relationships, *mapped.deferred}):
                yield Reading(function, node, name, origins, is_direct and is_outer)
                behind: Values = frozenset()
                for origin in origins:
                    behind |= self._tracing.attribute(frozenset({origin}), name)
                yield from self._read(function, node, behind, names, False, above | {cls})

    # Where templates are rendered

    @cached_property
    def _places(self) -> list[tuple[Function, str, ast.expr]]:
        return [place for function in self._program.functions for place in self._places_in(function)]

    def _places_in(self, function: Function) -> Iterator[tuple[Function, str, ast.expr]]:
        """A template's name and a value that it is given."""
        for node in function.own_nodes():
            match node:
                case ast.Call(func=ast.Attribute(value=owner, attr=attr)) if attr in RENDERING:
                    for name in self._template(function, node, owner):
                        yield from ((function, name, value) for value in _given(function, node))

    def _template(self, function: Function, call: ast.Call, owner: ast.expr) -> Iterator[str]:
        """The name of the template that a call renders."""
        if isinstance(owner, ast.Name):
            bound = [n for n in function.own_nodes() if isinstance(n, ast.Assign)]
            owner = next((n.value for n in bound if [getattr(t, "id", "") for t in n.targets] == [owner.id]), owner)
        loaded = isinstance(owner, ast.Call) and isinstance(owner.func, ast.Attribute) and owner.func.attr in LOADING
        named = [k.value for k in call.keywords if k.arg == "name"]
        for node in (*(owner.args if loaded and isinstance(owner, ast.Call) else ()), *named, *call.args[:2]):
            for value in self._program.values(node):
                if isinstance(value, Text) and value.text.endswith(SUFFIXES):
                    yield value.text

    # What stands in them

    @cached_property
    def _files(self) -> dict[str, list[str]]:
        """The project's templates by their file names."""
        found: dict[str, list[str]] = {}
        for path in template_files(self._program.root):
            found.setdefault(os.path.basename(path), []).append(path)
        return found

    def _names_in(self, name: str) -> frozenset[str]:
        """What stands behind a dot in a template, and in the templates that it is made of."""
        if name not in self._names:
            self._names[name] = frozenset()
            text = "".join(self._text(path) for path in self._files.get(os.path.basename(name), ()) if _is(path, name))
            found = {part for match in _NAMES.findall(text) for word in match for part in word.split(".") if part}
            others = (self._names_in(other) for other in _OTHERS.findall(text))
            self._names[name] = frozenset(found).union(*others)
        return self._names[name]

    def _text(self, path: str) -> str:
        with open(path, encoding="utf-8", errors="replace") as file:
            return file.read()


def template_files(root: Path) -> Iterator[str]:
    """The paths of what may be a template."""
    for folder, folders, files in os.walk(root):
        folders[:] = sorted(name for name in folders if not name.startswith(".") and name not in SKIPPED)
        yield from (os.path.join(folder, name) for name in sorted(files) if name.endswith(SUFFIXES))


def _is(path: str, name: str) -> bool:
    return path.replace(os.sep, "/").endswith(f"/{name}")


def _given(function: Function, call: ast.Call) -> Iterator[ast.expr]:
    """The values that a template is rendered with."""
    for node in (*call.args, *(k.value for k in call.keywords)):
        if isinstance(node, ast.Name):
            bound = [n for n in function.own_nodes() if isinstance(n, ast.Assign | ast.AnnAssign)]
            dicts = [n.value for n in bound if isinstance(n.value, ast.Dict) and node.id in _targets(n)]
            node = dicts[0] if len(dicts) == 1 and dicts[0] is not None else node
        if isinstance(node, ast.Dict):
            yield from node.values
        elif not isinstance(node, ast.Constant):
            yield node


def _targets(node: ast.Assign | ast.AnnAssign) -> list[str]:
    targets = node.targets if isinstance(node, ast.Assign) else [node.target]
    return [getattr(t, "id", "") for t in targets]
