"""Which file an import means: the project's modules, without running anything and without being told its roots."""

from __future__ import annotations

import sys
from collections import defaultdict
from collections.abc import Iterable
from pathlib import PurePosixPath


class Modules:
    """The project's modules by their paths.

    An absolute import is resolved by its path's end: `app.core.db` is a file `…/app/core/db.py`, of several the one
    nearest to the importing file. For a name without dots the folder before must not be a package itself, so that
    `import logging` in a package that has a `logging.py` still means the standard library. That finds src layouts,
    several roots, namespace packages and folders put on `sys.path` alike.
    """

    def __init__(self, paths: Iterable[str]) -> None:
        self.paths = frozenset(paths)
        self._folders = {str(parent) for path in self.paths for parent in PurePosixPath(path).parents}
        # The project's own folder is where imports begin, whatever lies in it.
        self._packages = {str(PurePosixPath(p).parent) for p in self.paths if p.endswith("__init__.py")} - {"."}
        self._by_stem: dict[str, list[str]] = defaultdict(list)
        for path in sorted(self.paths):
            pure = PurePosixPath(path)
            self._by_stem[pure.parent.name if pure.name == "__init__.py" else pure.stem].append(path)
        for folder in sorted(self._folders - self._packages - {"."}):
            self._by_stem[PurePosixPath(folder).name].append(folder)
        self._known: dict[tuple[str, str], str | None] = {}
        self._children: dict[tuple[str, str], str | None] = {}

    def absolute(self, name: str, importer: str) -> str | None:
        """The file (or namespace folder) that `import name` means in the file `importer`; None: not the project's."""
        if (name, importer) not in self._known:
            self._known[name, importer] = self._find(name, importer)
        return self._known[name, importer]

    def relative(self, level: int, name: str, importer: str) -> str | None:
        """The file that `from ..name import` (level 2) means in `importer`."""
        folder = PurePosixPath(importer)
        for _ in range(level):
            folder = folder.parent
        return self._at(folder.joinpath(*name.split(".")) if name else folder)

    def child(self, path: str, name: str) -> str | None:
        """The submodule `name` of the package (or namespace folder) at `path`."""
        if (path, name) not in self._children:
            self._children[path, name] = self._find_child(path, name)
        return self._children[path, name]

    def _find_child(self, path: str, name: str) -> str | None:
        pure = PurePosixPath(path)
        if pure.name == "__init__.py":
            return self._at(pure.parent / name)
        return self._at(pure / name) if path in self._folders else None

    def dotted(self, path: str) -> str:
        """A module's dotted name, as far up as its folders are packages."""
        pure = PurePosixPath(path)
        parts = [] if pure.name == "__init__.py" else [pure.stem]
        folder = pure.parent
        while str(folder) != "." and (str(folder) in self._packages or str(folder.parent) in self._packages):
            parts.append(folder.name)
            folder = folder.parent
        return ".".join(reversed(parts)) or pure.parent.name

    def _at(self, pure: PurePosixPath) -> str | None:
        for candidate in (f"{pure}.py", str(pure / "__init__.py")):
            if candidate in self.paths:
                return candidate
        return str(pure) if str(pure) in self._folders else None

    def _find(self, name: str, importer: str) -> str | None:
        parts = name.split(".")
        found = []
        for path in self._by_stem.get(parts[-1], ()):
            pure = PurePosixPath(path)
            bare = pure.parent if pure.name == "__init__.py" else pure.with_suffix("") if path in self.paths else pure
            if list(bare.parts[-len(parts) :]) != parts:
                continue
            inside_package = str(PurePosixPath(*bare.parts[: -len(parts)])) in self._packages
            if len(parts) == 1 and (inside_package or parts[0] in sys.stdlib_module_names):
                continue
            found.append((path not in self.paths, inside_package, -_common(path, importer), len(pure.parts), path))
        return min(found)[-1] if found else None


def _common(one: str, other: str) -> int:
    """How many leading folders two paths share."""
    count = 0
    for a, b in zip(PurePosixPath(one).parts, PurePosixPath(other).parts, strict=False):
        if a != b:
            break
        count += 1
    return count
