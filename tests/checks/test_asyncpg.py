"""Rules that hold under asyncpg alone look at projects that are on it."""

from __future__ import annotations

from pathlib import Path

import pytest

from asyncshift.analysis.asyncpg import is_on_asyncpg
from asyncshift.analysis.program import Program
from asyncshift.analysis.settings import Settings

TABLE = 'DRIVERS = {"sqlite": "sqlite+aiosqlite", "postgresql": "postgresql+asyncpg"}\n'


@pytest.mark.parametrize(
    ("code", "lists", "expected"),
    [
        ("import asyncpg\n", {}, True),
        ("from asyncpg.exceptions import DataError\n", {}, True),
        ('URL = f"postgresql+asyncpg://{host}/app"\n', {}, True),
        ('URL = URL.create("postgresql+asyncpg", host="db")\n', {}, True),
        (TABLE, {}, False),
        (TABLE + 'if url.drivername == "postgresql+asyncpg":\n    url = url\n', {}, False),
        (TABLE, {"requirements.txt": "asyncpg>=0.29\n"}, True),
        (TABLE, {"app/requirements.txt": "asyncpg>=0.29\n"}, True),
        (TABLE, {"requirements.txt": "aiosqlite>=0.20\n"}, False),
        ("# not on asyncpg\n", {}, False),
    ],
)
def test_what_shows_it(tmp_path: Path, code: str, lists: dict[str, str], expected: bool) -> None:
    for name, text in {"app/db.py": code, **lists}.items():
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text(text, "utf-8")
    assert is_on_asyncpg(Program.build(tmp_path, ["app/db.py"], Settings())) is expected
