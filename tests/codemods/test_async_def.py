"""Definitions that become async: the cases in `async_def/` run before and after."""

from __future__ import annotations

from pathlib import Path

import pytest

from asyncshift.analysis.decisions import Status
from asyncshift.analysis.program import Program
from asyncshift.analysis.settings import Settings
from asyncshift.analysis.source import Source
from asyncshift.codemods import async_def

from .whole import Case, cases, check


@pytest.mark.parametrize("case", cases("async_def"))
def test_case(case: Case, tmp_path: Path) -> None:
    check(case, tmp_path)


@pytest.mark.parametrize("body", ["db.commit()", "return 1"])
def test_a_stub_file_is_told_of_where_functions_become_async(body: str, tmp_path: Path) -> None:
    text = f"from sqlalchemy.orm import Session\n\n\ndef save(db: Session):\n    {body}\n"
    (tmp_path / "pkg").mkdir()
    (tmp_path / "pkg" / "crud.pyi").write_text("def save(db): ...\n", "utf-8")
    sources = {path: Source.parse(path, text.encode()) for path in ("pkg/crud.py", "pkg/other.py")}
    decisions = list(async_def.decide(Program(tmp_path, sources, Settings())))
    declined = [d.site.path for d in decisions if d.status is Status.DECLINED]
    assert declined == (["pkg/crud.pyi"] if "commit" in body else [])
