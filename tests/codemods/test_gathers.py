"""Tasks that share a session: the cases in `gathers/` run before and after."""

from __future__ import annotations

from pathlib import Path

import pytest

from .projects import Case, cases, check_meaning, check_text, executable


@pytest.mark.parametrize("case", cases("gathers"))
def test_text(case: Case, tmp_path: Path) -> None:
    check_text(case, "gathers", tmp_path)


@pytest.mark.parametrize("case", executable("gathers"))
def test_meaning(case: Case, tmp_path: Path) -> None:
    check_meaning(case, tmp_path)
