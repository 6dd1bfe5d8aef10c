"""The formatters that a project configures, ruff and black, and how long they let lines be."""

from __future__ import annotations

import tomllib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Any

USUAL_LENGTH = 88
PYPROJECT = "pyproject.toml"
OF_RUFF = (".ruff.toml", "ruff.toml")


@dataclass(frozen=True, slots=True)
class Formatter:
    """A formatter, the file that configures it, and the line length that it keeps (0: none is given)."""

    name: str
    config: Path
    line_length: int


class Formatters:
    """The formatters of each folder below a root: the nearest configuration of each counts."""

    def __init__(self, root: Path) -> None:
        self._root = root
        self._known: dict[PurePosixPath, dict[str, Formatter]] = {}

    def of(self, path: str) -> list[Formatter]:
        """Those of a file, by its path relative to the root."""
        return list(self._of_folder(PurePosixPath(path).parent).values())

    def line_length(self, path: str) -> int:
        """How long the lines of a file may be; 0 where nothing says so."""
        return next((f.line_length for f in self.of(path) if f.line_length), 0)

    def _of_folder(self, folder: PurePosixPath) -> dict[str, Formatter]:
        if folder not in self._known:
            above = self._of_folder(folder.parent) if folder.parts else {}
            self._known[folder] = {**above, **{f.name: f for f in _configured(self._root / folder)}}
        return self._known[folder]


def _configured(folder: Path) -> Iterator[Formatter]:
    tools = _table(folder / PYPROJECT).get("tool", {})
    if "black" in tools:
        yield Formatter("black", folder / PYPROJECT, int(tools["black"].get("line-length", USUAL_LENGTH)))
    if "ruff" in tools:
        yield _ruff(folder / PYPROJECT, tools["ruff"])
    for name in OF_RUFF:
        if (folder / name).is_file():
            yield _ruff(folder / name, _table(folder / name))


def _ruff(config: Path, table: dict[str, Any]) -> Formatter:
    usual = USUAL_LENGTH if "format" in table else 0
    return Formatter("ruff", config, int(table.get("line-length", usual)))


def _table(path: Path) -> dict[str, Any]:
    try:
        return tomllib.loads(path.read_text("utf-8"))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError):
        return {}
