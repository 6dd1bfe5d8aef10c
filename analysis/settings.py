"""What a project may configure, under `[tool.asyncshift]` in its pyproject.toml."""

from __future__ import annotations

import fnmatch
from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Settings:
    """Validated settings.

    `paths`: files and folders to look at, relative to the root. `exclude`: gitignore-style patterns to leave out.
    `keep_sync`: path pattern or dotted module -> the reason it stays sync. `driver`: the async driver that PostgreSQL
    or MySQL gets, such as "asyncpg" or "psycopg"; empty: chosen from what the project has. `blocking`: dotted names of
    functions, classes or packages whose calls block, beside those of the library tables.
    """

    paths: tuple[str, ...] = (".",)
    exclude: tuple[str, ...] = ()
    keep_sync: Mapping[str, str] = field(default_factory=dict)
    driver: str = ""
    blocking: tuple[str, ...] = ()


def keeps(pattern: str, path: str, dotted: str) -> bool:
    """Does a pattern of `keep_sync` mean the file at `path`, whose module is `dotted`?

    Folders without an `__init__.py` may be named as packages are.
    """
    if fnmatch.fnmatch(path, pattern) or path.startswith(pattern.rstrip("/") + "/"):
        return True
    from_root = path.removesuffix(".py").replace("/", ".")
    return any(f"{name}.".startswith(f"{pattern}.") for name in (dotted, from_root))
