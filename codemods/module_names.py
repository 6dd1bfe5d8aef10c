"""How a file's imports name another file."""

from __future__ import annotations

import ast
from pathlib import PurePosixPath

from ..analysis.program import Program
from ..analysis.source import Source
from .references import imported_file


def name_of(program: Program, target: str, importer: str, like: tuple[Source, ast.ImportFrom] | None) -> str:
    """The module text by which a file imports another: relative or absolute `like` a statement that is there."""
    if like is None:
        return program.interpreter.modules.dotted(target)
    source, statement = like
    if statement.level:
        return _relative(target, importer)
    origin = imported_file(program, source, statement)
    assert origin is not None
    parts, wanted = _parts(origin), _parts(target)
    root = parts[: len(parts) - len((statement.module or "").split("."))]
    if wanted[: len(root)] == root:
        return ".".join(wanted[len(root) :])
    return program.interpreter.modules.dotted(target)


def _relative(target: str, importer: str) -> str:
    folder, wanted = PurePosixPath(importer).parent.parts, _parts(target)
    shared = next((n for n, (a, b) in enumerate(zip(folder, wanted, strict=False)) if a != b), len(folder))
    return "." * (len(folder) - shared + 1) + ".".join(wanted[shared:])


def _parts(path: str) -> tuple[str, ...]:
    pure = PurePosixPath(path)
    return pure.parent.parts if pure.name == "__init__.py" else pure.with_suffix("").parts
