"""Sessions that modules take from a generator when they are imported: the cases in `import_sessions/`."""

from __future__ import annotations

from pathlib import Path

import pytest

from .test_scripts import printed
from .whole import Case, cases, check, migrated


@pytest.mark.parametrize("case", cases("import_sessions"))
def test_case(case: Case, tmp_path: Path) -> None:
    check(case, tmp_path)


@pytest.mark.parametrize("case", [c for c in cases("import_sessions") if "script.py" in c.values[0].before])
def test_it_prints_the_same(case: Case, tmp_path: Path) -> None:
    after, _ = migrated(case)
    assert printed(tmp_path / "after", after) == printed(tmp_path / "before", case.before)
