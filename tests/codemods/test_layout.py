"""How a file is written does not matter: line ends, marks, tabs and form feeds stay as they are, all else is equal.

A case of another codemod is written in another way, before and after; migrating the one must give the other.
"""

from __future__ import annotations

import re

import pytest

from asyncshift.analysis.source import BOM

from .whole import Case, migrate, migrated, read_cases

FOLDERS = ("async_def", "await_calls", "implicit_io", "session_types", "with_items")
CASES = [case for folder in FOLDERS for case in read_cases(folder)][::9]
LAYOUTS = {
    "crlf": lambda text: text.replace("\n", "\r\n").encode(),
    "bom": lambda text: BOM + text.encode(),
    "tabs": lambda text: re.sub("(?m)^(?: {4})+", lambda found: "\t" * (len(found[0]) // 4), text).encode(),
    "form feeds": lambda text: re.sub(r"(?m)^(?=def |async def |class |@)", "\f", text).encode(),
    "no line end": lambda text: text.rstrip("\n").encode(),
}


@pytest.mark.parametrize("layout", LAYOUTS)
@pytest.mark.parametrize("case", [pytest.param(case, id=case.name) for case in CASES])
def test_layout(case: Case, layout: str) -> None:
    write = LAYOUTS[layout]
    before = {path: write(text) for path, text in case.project.items()}
    after = {**before, **migrate(before, case.settings)[0]}
    assert after == {path: write(text) for path, text in migrated(case)[0].items() if path in before}
