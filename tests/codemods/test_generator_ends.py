"""Ends of generators that became asynchronous: the cases in `generator_ends/` run before and after."""

from __future__ import annotations

from pathlib import Path

import pytest

from .whole import Case, cases, check


@pytest.mark.parametrize("case", cases("generator_ends"))
def test_case(case: Case, tmp_path: Path) -> None:
    check(case, tmp_path)
