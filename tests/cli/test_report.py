"""`asyncshift report`: of a plan, and of a migration."""

from __future__ import annotations

import gzip
import json
from collections.abc import Callable

import pytest
from click.testing import Result

from asyncshift.checks.evidence.recording import VERSION

from .conftest import Folder

Run = Callable[..., Result]
MODULE = """\
from sqlalchemy.orm import Session


def load(db: Session):
    return db.get(object, 1)
"""


@pytest.fixture
def project(folder: Folder) -> Folder:
    return folder.write({"app/db.py": MODULE, "pyproject.toml": '[project]\nname = "app"\n'})


def test_the_report_is_the_same_before_and_after_the_migration(project: Folder, run: Run) -> None:
    planned = run("report").output
    assert run("migrate").exit_code == 0
    assert run("report").output == planned
    assert "`load`: calls db.get(object, 1) (app/db.py:5)" in planned


def test_a_project_that_is_not_migrated_stays_as_it_is(project: Folder, run: Run) -> None:
    before = project.snapshot()
    run("report")
    assert project.snapshot() == before


def test_the_data_is_json(project: Folder, run: Run) -> None:
    told = json.loads(run("report", "--format", "json").stdout)
    assert told["version"] == 1
    assert told["figures"]["functions"] == 1


def test_a_pull_request_in_a_file(project: Folder, run: Run) -> None:
    result = run("report", "--kind", "pull-request", "--output", "pr.md")
    assert result.output == ""
    assert "SQLAlchemy under asyncio" in (project.root / "pr.md").read_text("utf-8")


def test_a_file_that_cannot_be_written(project: Folder, run: Run) -> None:
    result = run("report", "--output", "none/pr.md")
    assert (result.exit_code, result.output) == (2, "asyncshift: none/pr.md: No such file or directory\n")


def test_one_html_file(project: Folder, run: Run) -> None:
    text = run("report", "--format", "html").stdout
    assert text.startswith("<!doctype html>")
    assert "calls db.get(object, 1)" in text


def test_open_writes_the_page_and_shows_it(project: Folder, run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    shown: list[str] = []
    monkeypatch.setattr("click.launch", shown.append)
    assert run("report", "--open").exit_code == 0
    assert shown == [str(project.root / "asyncshift-report.html")]
    assert (project.root / "asyncshift-report.html").is_file()


def test_the_status_before_and_after(project: Folder, run: Run) -> None:
    project.commit()
    assert "0 of 1 module done" in (text := run("report", "--kind", "status").output)
    assert "  - [ ] `load` (line 4)" in text
    assert run("migrate").exit_code == 0
    project.commit()
    told = json.loads(run("report", "--kind", "status", "--format", "json").stdout)
    assert told["figures"]["done"] == 1
    assert [(row["sync"], row["async"]) for row in told["history"]] == [(2, 0), (0, 3)]


def test_what_the_suite_showed_is_joined(project: Folder, run: Run) -> None:
    project.write({"tests/test_nothing.py": "def test_nothing(): ...\n"})
    assert run("migrate").exit_code == 0
    text = run("report").output
    assert "no recordings of the suite" in text
    home = project.root / ".asyncshift"
    for name in ("recording.jsonl.gz", "verified.jsonl.gz"):
        with gzip.open(home / name, "wt", encoding="utf-8") as file:
            file.write(json.dumps(["header", {"version": VERSION}]) + "\n")
    assert "0 of 0 tests still pass" in run("report").output
    (home / "verified.jsonl.gz").write_bytes(b"no recording")
    assert run("report").exit_code == 2
