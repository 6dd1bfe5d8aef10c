"""`Model.query` of a registry of sessions: the cases in `query_property/` run before and after."""

from __future__ import annotations

from pathlib import Path

import pytest

from .whole import Case, cases, check


@pytest.mark.parametrize("case", cases("query_property"))
def test_case(case: Case, tmp_path: Path) -> None:
    check(case, tmp_path)
