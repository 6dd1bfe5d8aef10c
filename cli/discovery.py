"""Which folder is the project, and which files are its Python code."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator, Sequence
from pathlib import Path

from pathspec import GitIgnoreSpec

from . import git
from .errors import Failure

NEVER = frozenset({
    ".asyncshift", ".eggs", ".git", ".hg", ".hypothesis", ".mypy_cache", ".nox", ".pytest_cache", ".ruff_cache", ".svn",
    ".tox", "__pycache__", "__pypackages__", "node_modules", "site-packages",
})  # fmt: skip
ARTEFACTS = frozenset({"build", "dist"})
MARKERS = ("pyproject.toml", "setup.cfg", "setup.py", "Pipfile", "requirements*.txt")


def find_root(paths: Sequence[Path], here: Path) -> Path:
    """The project's folder: the nearest one around all of `paths` that says so itself.

    The search ends at the border of a git repository. Where no folder says so, `here` is taken (the folder that the
    command runs in) if the paths lie inside, then the repository, then the paths' own folder.
    """
    common = Path(os.path.commonpath([path if path.is_dir() else path.parent for path in paths]))
    repository = None
    for folder in (common, *common.parents):
        if any(next(folder.glob(marker), None) for marker in MARKERS):
            return folder
        if (folder / ".git").exists():
            repository = folder
            break
    if common.is_relative_to(here):
        return here
    return repository or common


def existing(arguments: Sequence[str], base: Path) -> list[Path]:
    """The paths that arguments name, absolute.

    Raises:
        Failure: some do not exist, one line each.
    """
    paths = [Path(os.path.abspath(base / argument)) for argument in arguments]
    missing = [given for given, path in zip(arguments, paths, strict=True) if not path.exists()]
    if missing:
        raise Failure(*(f"{path}: no such file or folder" for path in missing))
    return paths


def python_files(root: Path, paths: Sequence[Path], exclude: Sequence[str] = ()) -> list[str]:
    """The Python files of `paths`, relative to `root`, sorted.

    Left out are what .gitignore files hide (unless git tracks it all the same), what `exclude` matches, virtual
    environments, build artefacts and links that lead out of the project. A file that is named itself is always in.

    Raises:
        Failure: a file that is named itself is not Python, one line each.
    """
    named = [path for path in paths if path.is_file()]
    if foreign := [path for path in named if not _is_python(path)]:
        raise Failure(*(f"{path.relative_to(root).as_posix()}: not a Python file" for path in foreign))
    files = {path.relative_to(root).as_posix() for path in named}
    folders = [path for path in paths if path.is_dir()]
    if folders:
        walk = _Walk(root, exclude)
        files.update(file for folder in folders for file in walk.below(folder))
    return sorted(files)


def _is_python(file: Path) -> bool:
    """Does a file's name say that it is Python, or its first line that it is a Python script?"""
    if file.suffix == ".py":
        return True
    with file.open("rb") as lines:
        return re.match(rb"#!.*\bpython", lines.readline()) is not None


class _Walk:
    """A walk over the project's folders that leaves out what is not the project's own code."""

    def __init__(self, root: Path, exclude: Sequence[str]) -> None:
        self.root = root
        self.exclude = GitIgnoreSpec.from_lines(exclude)
        files = git.tracked(root, "*.py")
        self.tracked = files | {parent.as_posix() for file in files for parent in Path(file).parents}
        self.outermost = next((folder for folder in (root, *root.parents) if (folder / ".git").exists()), root)
        self.ignores: dict[Path, GitIgnoreSpec | None] = {}

    def below(self, start: Path) -> Iterator[str]:
        for folder, folders, files in os.walk(start):
            here = Path(folder)
            folders[:] = sorted(name for name in folders if self._enters(here / name))
            for name in files:
                if name.endswith(".py") and self._takes(here / name):
                    yield (here / name).relative_to(self.root).as_posix()

    def _enters(self, folder: Path) -> bool:
        if folder.name in NEVER or folder.name.endswith(".egg-info") or (folder / "pyvenv.cfg").exists():
            return False
        relative = folder.relative_to(self.root).as_posix()
        if self.exclude.match_file(f"{relative}/"):
            return False
        if relative in self.tracked:
            return True
        artefact = folder.name in ARTEFACTS and not (folder / "__init__.py").exists()
        return not artefact and not self._ignored(folder, "/")

    def _takes(self, file: Path) -> bool:
        relative = file.relative_to(self.root).as_posix()
        if self.exclude.match_file(relative) or (file.is_symlink() and not self._stays_inside(file)):
            return False
        return relative in self.tracked or not self._ignored(file)

    def _stays_inside(self, link: Path) -> bool:
        return link.is_file() and link.resolve().is_relative_to(self.root.resolve())

    def _ignored(self, path: Path, suffix: str = "") -> bool:
        """What git's rules say: the innermost .gitignore that has an opinion decides."""
        for folder in path.parents:
            if spec := self._gitignore(folder):
                include = spec.check_file(path.relative_to(folder).as_posix() + suffix).include
                if include is not None:
                    return include
            if folder == self.outermost:
                break
        return False

    def _gitignore(self, folder: Path) -> GitIgnoreSpec | None:
        if folder not in self.ignores:
            file = folder / ".gitignore"
            lines = file.read_text(errors="replace").splitlines() if file.is_file() else None
            self.ignores[folder] = GitIgnoreSpec.from_lines(lines) if lines is not None else None
        return self.ignores[folder]
