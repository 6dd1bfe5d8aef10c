"""Parameters of statements: the cases in `parameters/`. They don't run, since SQLAlchemy 2 takes one form alone."""

from __future__ import annotations

from pathlib import Path

import pytest

from .projects import Case, cases, check_text


@pytest.mark.parametrize("case", cases("parameters"))
def test_text(case: Case, tmp_path: Path) -> None:
    check_text(case, "parameters", tmp_path)
