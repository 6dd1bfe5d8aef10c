"""Calls across the border: the cases in `border_calls/` run before and after."""

from __future__ import annotations

from pathlib import Path

import pytest

from .whole import Case, cases, check


@pytest.mark.parametrize("case", cases("border_calls"))
def test_case(case: Case, tmp_path: Path) -> None:
    check(case, tmp_path)
