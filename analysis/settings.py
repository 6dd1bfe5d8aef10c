"""What a project may configure, under `[tool.asyncshift]` in its pyproject.toml."""

from __future__ import annotations

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
