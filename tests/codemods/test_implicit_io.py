"""Implicit I/O: the cases in `implicit_io/` run before and after."""

from __future__ import annotations

from pathlib import Path

import pytest

from .whole import Case, cases, check


@pytest.mark.parametrize("case", cases("implicit_io"))
def test_case(case: Case, tmp_path: Path) -> None:
    check(case, tmp_path)
