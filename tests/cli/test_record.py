"""`asyncshift record` as it is typed."""

from __future__ import annotations

import sys
from collections.abc import Callable

import pytest
from click.testing import Result

from .conftest import Folder

Run = Callable[..., Result]
SUITE = ("--", "-m", "pytest", "-q", "-p", "no:cacheprovider")


@pytest.fixture(autouse=True)
def python(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("VIRTUAL_ENV", sys.prefix)


def test_a_suite_is_recorded_and_nothing_else_is_left(run: Run, folder: Folder) -> None:
    folder.write({"pyproject.toml": "", "test_it.py": "def test_one(): pass\n"})
    before = set(folder.snapshot())
    result = run("record", *SUITE)
    assert result.exit_code == 0, result.output
    assert result.output == "Recorded: 1 test, 0 statements, 0 implicit loads, 0 requests.\n"
    assert {path for path in folder.snapshot() if "__pycache__" not in path} == before
    assert sorted(p.name for p in (folder.root / ".asyncshift").iterdir()) == [".gitignore", "recording.jsonl.gz"]


def test_a_partial_recording_is_told(run: Run, folder: Folder) -> None:
    folder.write({"pyproject.toml": "", "test_it.py": "import os\ndef test_one(): os._exit(9)\n"})
    result = run("record", *SUITE)
    assert result.exit_code == 1
    assert "partial: a process of the suite ended before its time (last finished test: none)" in result.output


def test_what_is_no_suite(run: Run, folder: Folder) -> None:
    folder.write({"pyproject.toml": ""})
    assert run("record", "--", "make").exit_code == 2
    result = run("record", "--python", "no-such-python", *SUITE)
    assert (result.exit_code, result.stderr) == (2, "asyncshift: no-such-python: No such file or directory\n")
