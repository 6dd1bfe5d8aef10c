"""`with` statements whose items become async: the cases in `with_items/` run before and after."""

from __future__ import annotations

from pathlib import Path

import pytest

from .whole import Case, cases, check


@pytest.mark.parametrize("case", cases("with_items"))
def test_case(case: Case, tmp_path: Path) -> None:
    check(case, tmp_path)
