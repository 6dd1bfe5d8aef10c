"""What only engines and connections of SQLAlchemy 1.4 did. The cases don't run, since SQLAlchemy 2 does none of it."""

from __future__ import annotations

from pathlib import Path

import pytest

from .projects import Case, cases, check_text


@pytest.mark.parametrize("case", cases("autocommit"))
def test_what_committed_by_itself(case: Case, tmp_path: Path) -> None:
    check_text(case, "autocommit", tmp_path)


@pytest.mark.parametrize("case", cases("parameters"))
def test_parameters_of_statements(case: Case, tmp_path: Path) -> None:
    check_text(case, "parameters", tmp_path)
