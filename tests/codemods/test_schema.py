"""Tables made, dropped and looked at inside run_sync: the cases in `schema/`."""

from __future__ import annotations

from pathlib import Path

import pytest

from .projects import Case, cases, check_meaning, check_text, executable


@pytest.mark.parametrize("case", cases("schema"))
def test_text(case: Case, tmp_path: Path) -> None:
    check_text(case, "schema", tmp_path)


@pytest.mark.parametrize("case", executable("schema"))
def test_meaning(case: Case, tmp_path: Path) -> None:
    check_meaning(case, tmp_path)
