"""Types follow what became async: the cases in `session_types/`."""

from __future__ import annotations

from pathlib import Path

import pytest

from .projects import Case, cases, check_meaning, check_text, executable


@pytest.mark.parametrize("case", cases("session_types"))
def test_text(case: Case, tmp_path: Path) -> None:
    check_text(case, "session-types", tmp_path)


@pytest.mark.parametrize("case", executable("session_types"))
def test_meaning(case: Case, tmp_path: Path) -> None:
    check_meaning(case, tmp_path)
