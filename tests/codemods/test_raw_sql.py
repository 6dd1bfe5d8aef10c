"""Strings that become statements: the cases in `raw_sql/`. They don't run, since SQLAlchemy 2 takes none."""

from __future__ import annotations

from pathlib import Path

import pytest

from .projects import Case, cases, check_text, convert


@pytest.mark.parametrize("case", cases("raw_sql"))
def test_text(case: Case, tmp_path: Path) -> None:
    check_text(case, "raw-sql", tmp_path)


@pytest.mark.parametrize("version", ["sqlalchemy==1.4.41", "sqlalchemy"])
def test_sessions_that_commit_by_themselves_are_declined(tmp_path: Path, version: str) -> None:
    app = "from sqlalchemy.orm import sessionmaker\n\nmake = sessionmaker(autocommit=True)\n"
    changed, decisions = convert(tmp_path, {"requirements.txt": version, "app.py": app}, "engines")
    assert changed == {}
    assert decisions[0].concern.startswith("an async session has no autocommit mode")
