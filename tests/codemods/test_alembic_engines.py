"""Engines that Alembic's scripts take from the application: the cases in `alembic_engines/`, and what sync URLs are."""

from __future__ import annotations

from pathlib import Path

import pytest

from asyncshift.codemods.drivers import sync_drivernames

from .projects import Case, cases, check_text, program_of


@pytest.mark.parametrize("case", cases("alembic_engines"))
def test_text(case: Case, tmp_path: Path) -> None:
    check_text(case, "alembic-engines", tmp_path)


@pytest.mark.parametrize(
    ("requirements", "expected"),
    [
        ("", {"sqlite+aiosqlite": "sqlite", "postgresql+asyncpg": "postgresql"}),
        ("psycopg[binary]", {"sqlite+aiosqlite": "sqlite"}),
        ("pg8000", {"sqlite+aiosqlite": "sqlite", "postgresql+asyncpg": "postgresql+pg8000"}),
        ("asyncpg\nmysqlclient", {"mysql+aiomysql": "mysql", "postgresql+asyncpg": "postgresql"}),
    ],
    ids=["none", "both kinds", "another", "mysql"],
)
def test_sync_drivers(tmp_path: Path, requirements: str, expected: dict[str, str]) -> None:
    (tmp_path / "requirements.txt").write_text(f"sqlalchemy\n{requirements}\n")
    program = program_of(tmp_path, {"app.py": "from sqlalchemy import create_engine\n"})
    assert {**sync_drivernames(program), **expected} == sync_drivernames(program)
