"""The gallery: structures of grown code bases, each with applications that run before and after, and ones that stay."""

from __future__ import annotations

from pathlib import Path

import pytest

from ..codemods.whole import Case, cases, check, migrated
from .applications import result

HERE = Path(__file__).parent


@pytest.mark.parametrize("case", cases(str(HERE)))
def test_case(case: Case, tmp_path: Path) -> None:
    check(case, tmp_path)
    after, _ = migrated(case)
    if after != case.project and not case.declined:
        assert result(case, tmp_path / "new", after) == result(case, tmp_path / "old", case.project)
