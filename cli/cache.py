"""What a command has worked out, kept in `.asyncshift/cache/` until something that it was made from changes."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
from hashlib import sha256
from importlib.util import find_spec
from pathlib import Path, PurePosixPath
from typing import Any

from ..analysis.templates import template_files
from .evidence import RECORDING, VERIFIED
from .project import Project
from .writing import HOME, hide

# What the analysis reads beside Python files: requirements, lock files, settings.
SETTINGS = frozenset({".cfg", ".in", ".ini", ".lock", ".toml", ".txt", ".yaml", ".yml"})
SETTINGS_FOLDER = "requirements"


def kept(project: Project, name: str, work_out: Callable[[], Any]) -> Any:
    """The JSON value that `work_out` gives, or gave for the same project, settings, Python and asyncshift.

    A project in a folder that can't be written to is worked out each time.
    """
    return _remembered(project, name, _key(project, _project_files(project)), work_out)


def kept_for(project: Project, name: str, tree: str, work_out: Callable[[], Any]) -> Any:
    """The same of what does not change under its name, such as the tree of a commit."""
    return _remembered(project, name, f"{_key(project, ())} {tree}", work_out)


def _remembered(project: Project, name: str, key: str, work_out: Callable[[], Any]) -> Any:
    home = project.root / HOME / "cache"
    with suppress(OSError, ValueError):
        held, _, value = (home / name).read_text(encoding="utf-8").partition("\n")
        if held == key:
            return json.loads(value)
    value = work_out()
    with suppress(OSError):
        home.mkdir(parents=True, exist_ok=True)
        hide(project.root)
        (home / name).write_text(f"{key}\n{json.dumps(value)}", encoding="utf-8")
    return value


def _key(project: Project, files: Iterable[Path]) -> str:
    digest = sha256(repr((sys.version, project.settings)).encode())
    for path in (*_own_files(), *(project.root / HOME / name for name in (RECORDING, VERIFIED)), *files):
        content = path.read_bytes() if path.is_file() else b""
        digest.update(f"{path}:{len(content)}:".encode(errors="surrogateescape"))
        digest.update(content)
    return digest.hexdigest()


def _own_files() -> Iterator[Path]:
    """The files that asyncshift consists of."""
    package = __package__.rpartition(".")[0]
    for part in ("analysis", "checks", "cli", "codemods"):
        spec = find_spec(f"{package}.{part}")
        for folder in (spec and spec.submodule_search_locations) or ():
            yield from sorted(p for p in Path(folder).rglob("*") if p.suffix in {".py", ".toml"})


def _project_files(project: Project) -> Iterator[Path]:
    """The project's Python files, the settings in the folders around them, and the templates."""
    yield from (project.root / file for file in project.files)
    yield from map(Path, template_files(project.root))
    around = {PurePosixPath(".")}.union(*(PurePosixPath(file).parents for file in project.files))
    for folder in sorted(around | {parent / SETTINGS_FOLDER for parent in around}):
        with suppress(OSError):
            files = sorted((project.root / folder).iterdir())
            yield from (file for file in files if file.suffix in SETTINGS or file.name == "Pipfile")
