"""Blocking calls: the cases in `blocking_calls/` run before and after."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from asyncshift.analysis.settings import Settings

from ..gallery.applications import result
from .whole import Case, cases, check, migrate, migrated, read_cases


@pytest.mark.parametrize("case", cases("blocking_calls"))
def test_case(case: Case, tmp_path: Path) -> None:
    check(case, tmp_path)
    after, _ = migrated(case)
    assert result(case, tmp_path / "new", after) == result(case, tmp_path / "old", case.project)


def test_linters_find_nothing_in_scripts(tmp_path: Path) -> None:
    for number, case in enumerate(read_cases("blocking_calls")):
        if case.name.startswith("files: "):
            (tmp_path / f"app{number}.py").write_text(case.after["app.py"], "utf-8")
    assert len(list(tmp_path.iterdir())) > 2
    command = [sys.executable, "-m", "ruff", "check", "--isolated", "--no-cache", "--select", "F,ASYNC", "."]
    assert (
        "All checks passed" in subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False).stdout
    )


def test_what_is_read_on_the_loop_is_told() -> None:
    case = next(c for c in read_cases("blocking_calls") if "a file that is opened" in c.name)
    told = [d.concern for d in migrated(case)[1] if d.codemod == "blocking-calls"]
    assert told == [
        "what is read or written there, the event loop still waits for: aiofiles, or a function for all of it"
    ]


@pytest.mark.parametrize("name", ["slowlib", "slowlib.render", "reports.layout"])
def test_the_configuration_adds_to_what_blocks(name: str) -> None:
    files = {
        "reports.py": "def layout(name):\n    return name.upper()\n",
        "app.py": (
            "import slowlib\nfrom fastapi import Depends, FastAPI\nfrom sqlalchemy.orm import Session\n\n"
            "from models import User\nfrom reports import layout\n\napp = FastAPI()\n\n\n"
            "def get_db():\n    yield None\n\n\n"
            '@app.get("/{key}")\ndef show(key: int, db: Session = Depends(get_db)):\n'
            "    name = db.get(User, key).name\n    return slowlib.render(name) + layout(name)\n"
        ),
    }
    changed, _ = migrate(files, Settings(blocking=(name,)))
    called = "layout" if name == "reports.layout" else "slowlib.render"
    assert f"await asyncio.to_thread({called}, name)" in changed["app.py"].decode()
    assert changed["app.py"].count(b"to_thread") == 1
