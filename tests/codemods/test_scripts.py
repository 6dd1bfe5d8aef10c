"""Scripts: the cases in `scripts/` become what they show, and print the same as programs."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

import pytest

from .whole import Case, cases, check, migrate, migrated


@pytest.mark.parametrize("case", cases("scripts"))
def test_case(case: Case, tmp_path: Path) -> None:
    check(case, tmp_path)


@pytest.mark.parametrize("case", cases("scripts"))
def test_it_prints_the_same(case: Case, tmp_path: Path) -> None:
    after, _ = migrated(case)
    assert printed(tmp_path / "after", after) == printed(tmp_path / "before", case.before)


def printed(root: Path, files: Mapping[str, str]) -> str:
    """What the program `script.py` prints, which must be something."""
    root.mkdir()
    for path, text in files.items():
        (root / path).write_text(text, "utf-8")
    done = subprocess.run([sys.executable, "script.py"], cwd=root, capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stderr
    assert done.stdout
    return done.stdout


HEAD = (
    "from sqlalchemy import create_engine, text\nfrom sqlalchemy.orm import Session\n\ndb = Session(create_engine())\n"
)


def test_a_last_line_without_its_end() -> None:
    changed, _ = migrate({"script.py": HEAD + "if db:\n    db.commit()"})
    assert changed["script.py"].decode().endswith("    if db:\n        await db.commit()\n\n\nasyncio.run(main())")


@pytest.mark.parametrize(
    "body",
    [
        "print(1); db.commit()\n",
        "db.commit()\n__all__ = ['db']\n",
        "db.commit()\nimport uvicorn\nuvicorn.run('app:app')\ndb.commit()\n",
        "db.commit()\nfrom os import *\ndb.commit()\n",
        "from fastapi import FastAPI\ndb.commit()\napp = FastAPI()\n",
    ],
    ids=["one line", "exports", "server", "star", "application"],
)
def test_what_does_not_move(body: str) -> None:
    changed, plan = migrate({"script.py": HEAD + body})
    assert b"async def" not in changed.get("script.py", b"")
    assert any(d.concern.startswith("script.py stays sync") for d in plan)
