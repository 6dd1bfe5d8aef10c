"""What committed by itself: the cases in `autocommit/`. They don't run, since SQLAlchemy 2 has nothing of the kind."""

from __future__ import annotations

from pathlib import Path

import pytest

from .projects import Case, cases, check_text


@pytest.mark.parametrize("case", cases("autocommit"))
def test_text(case: Case, tmp_path: Path) -> None:
    check_text(case, "autocommit", tmp_path)
