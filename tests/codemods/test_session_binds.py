"""Engines of sessions: the cases in `session_binds/` run before and after."""

from __future__ import annotations

from pathlib import Path

import pytest

from .whole import Case, cases, check


@pytest.mark.parametrize("case", cases("session_binds"))
def test_case(case: Case, tmp_path: Path) -> None:
    check(case, tmp_path)
