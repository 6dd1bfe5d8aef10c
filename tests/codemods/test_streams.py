"""Results that are asked for in parts: the cases in `streams/` run before and after."""

from __future__ import annotations

from pathlib import Path

import pytest

from .whole import Case, cases, check


@pytest.mark.parametrize("case", cases("streams"))
def test_case(case: Case, tmp_path: Path) -> None:
    check(case, tmp_path)
