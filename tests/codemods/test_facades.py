"""What only the sync object has: the cases in `facades/` run before and after."""

from __future__ import annotations

from pathlib import Path

import pytest

from asyncshift.codemods.facades import NAME

from .whole import Case, cases, check, migrated


@pytest.mark.parametrize("case", cases("facades"))
def test_case(case: Case, tmp_path: Path) -> None:
    check(case, tmp_path)


def test_raw_connections_need_a_look() -> None:
    (case,) = [param.values[0] for param in cases("facades") if "what asks for one" in param.id]
    (decision,) = [d for d in migrated(case)[1] if d.codemod == NAME]
    assert decision.concern.startswith("a connection of an async driver works inside run_sync() alone")
