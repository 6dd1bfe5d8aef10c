"""Blocking calls: the cases in `blocking_calls/` run before and after."""

from __future__ import annotations

from pathlib import Path

import pytest

from .whole import Case, cases, check


@pytest.mark.parametrize("case", cases("blocking_calls"))
def test_case(case: Case, tmp_path: Path) -> None:
    check(case, tmp_path)
