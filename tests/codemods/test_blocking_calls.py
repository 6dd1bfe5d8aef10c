"""Blocking calls: the cases in `blocking_calls/` run before and after."""

from __future__ import annotations

from pathlib import Path

import pytest

from asyncshift.analysis.settings import Settings

from .whole import Case, cases, check, migrate


@pytest.mark.parametrize("case", cases("blocking_calls"))
def test_case(case: Case, tmp_path: Path) -> None:
    check(case, tmp_path)


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
