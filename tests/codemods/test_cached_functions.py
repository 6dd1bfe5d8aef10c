"""Functions whose results a cache keeps: the cases in `cached_functions/` run before and after."""

from __future__ import annotations

from pathlib import Path

import pytest

from .whole import Case, cases, check


@pytest.mark.parametrize("case", cases("cached_functions"))
def test_case(case: Case, tmp_path: Path) -> None:
    check(case, tmp_path)
