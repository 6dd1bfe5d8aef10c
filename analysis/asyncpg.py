"""Whether a project is on asyncpg, which takes only the values that a column's type is in Python."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import PurePosixPath
from typing import TYPE_CHECKING

from .once import once
from .source import Source

if TYPE_CHECKING:
    from .program import Program

NAME = "asyncpg"
URL_NAME = f"postgresql+{NAME}"
# Where requirements are listed.
LISTS = (
    "requirements*.txt", "requirements/*.txt", "requirements*.in", "pyproject.toml", "setup.cfg", "setup.py", "Pipfile",
)  # fmt: skip


@once
def is_on_asyncpg(program: Program) -> bool:
    """Does the project's code or a list of its requirements name the driver?

    A table of the drivers of all databases says nothing of the one that is used.
    """
    return any(map(_names_it, program.sources.values())) or any(NAME.encode() in text for text in _lists(program))


def _names_it(source: Source) -> bool:
    return NAME.encode() in source.content and any(_is_name(source, node) for node in source.nodes)


def _is_name(source: Source, node: ast.AST) -> bool:
    match node:
        case ast.Import(names=names):
            return any(alias.name.partition(".")[0] == NAME for alias in names)
        case ast.ImportFrom(module=str(module)):
            return module.partition(".")[0] == NAME
        case ast.Constant(value=str(text)) if NAME in text:
            return text != URL_NAME or not isinstance(source.parents[node], ast.Dict | ast.Compare)
    return False


def _lists(program: Program) -> Iterator[bytes]:
    folders = {PurePosixPath(".")}.union(*(PurePosixPath(path).parents for path in program.sources))
    for folder in sorted(folders):
        for pattern in LISTS:
            yield from (path.read_bytes() for path in sorted((program.root / folder).glob(pattern)) if path.is_file())
