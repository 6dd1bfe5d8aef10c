"""SQLModel: `exec()` and its AsyncSession, the cases in `sqlmodel_exec/` run before and after."""

from __future__ import annotations

from pathlib import Path

import pytest

from .whole import Case, cases, check


@pytest.mark.parametrize("case", cases("sqlmodel_exec"))
def test_case(case: Case, tmp_path: Path) -> None:
    check(case, tmp_path)
