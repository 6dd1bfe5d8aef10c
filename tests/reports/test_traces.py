"""The traces of the examples are current: `asyncshift report tests/originals/NAME --output reports/traces/NAME.md`."""

from __future__ import annotations

from pathlib import Path

import pytest

from asyncshift.cli.project import open_project
from asyncshift.cli.report import gathered

ROOT = Path(__file__).parents[2]
TRACES = ROOT / "reports" / "traces"
NAMES = sorted(path.parent.name for path in (ROOT / "tests" / "originals").glob("*/pyproject.toml"))


@pytest.mark.parametrize("name", NAMES)
def test_the_trace_is_current(name: str) -> None:
    told = gathered(open_project([str(ROOT / "tests" / "originals" / name)]))
    assert (TRACES / f"{name}.md").read_text("utf-8") == told.text("trace", "markdown")


def test_there_is_no_trace_of_something_else() -> None:
    assert sorted(path.stem for path in TRACES.iterdir()) == NAMES
