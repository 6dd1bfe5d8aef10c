"""What is worked out is kept, exactly as long as nothing that it was made from changes."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from click.testing import Result

from asyncshift.cli import cache
from asyncshift.cli.project import open_project

from .conftest import Folder

Run = Callable[..., Result]
MODULE = """\
from sqlalchemy.orm import Session

def load(db: Session):
    return db.get(object, 1)
"""
LATER = MODULE + "\ndef other(db: Session):\n    db.commit()\n"


@pytest.fixture
def project(folder: Folder) -> Folder:
    return folder.write({"app/db.py": MODULE, "pyproject.toml": '[project]\nname = "app"\n'})


def counted(times: list[int]) -> Callable[[], Any]:
    def work_out() -> Any:
        times.append(len(times))
        return {"n": len(times)}

    return work_out


def test_nothing_is_worked_out_twice(project: Folder) -> None:
    times: list[int] = []
    first = cache.kept(open_project([]), "n", counted(times))
    assert cache.kept(open_project([]), "n", counted(times)) == first == {"n": 1}
    assert times == [0]


@pytest.mark.parametrize(
    "changed",
    [
        {"app/db.py": LATER},
        {"app/new.py": ""},
        {"pyproject.toml": '[project]\nname = "app"\n[tool.asyncshift]\ndriver = "asyncpg"\n'},
        {"requirements.txt": "psycopg\n"},
        {"requirements/dev.in": "pytest\n"},
        {"app/pytest.ini": "[pytest]\n"},
        {"Pipfile": ""},
        {"app/templates/post.html": "{{ post.author.name }}"},
    ],
    ids=lambda changed: next(iter(changed)),
)
def test_a_change_is_seen(project: Folder, changed: dict[str, str]) -> None:
    times: list[int] = []
    cache.kept(open_project([]), "n", counted(times))
    project.write(changed)
    assert cache.kept(open_project([]), "n", counted(times)) == {"n": 2}


def test_the_options_are_part_of_it(project: Folder) -> None:
    times: list[int] = []
    cache.kept(open_project([]), "n", counted(times))
    assert cache.kept(open_project([], driver="asyncpg"), "n", counted(times)) == {"n": 2}


def test_a_file_that_was_cut_off_is_made_anew(project: Folder) -> None:
    times: list[int] = []
    kept = project.root / ".asyncshift/cache/n"
    cache.kept(open_project([]), "n", counted(times))
    kept.write_bytes(kept.read_bytes()[:-1])
    assert cache.kept(open_project([]), "n", counted(times)) == {"n": 2}
    assert cache.kept(open_project([]), "n", counted(times)) == {"n": 2}


def test_a_folder_that_cannot_be_written_to(project: Folder) -> None:
    project.write({".asyncshift": "a file stands where the folder would"})
    assert cache.kept(open_project([]), "n", counted([])) == {"n": 1}


def test_plan_tells_the_same_from_what_is_kept(project: Folder, run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    project.commit()
    told = {
        options: run("plan", *options).output
        for options in (
            (),
            (
                "--format",
                "json",
            ),
            ("--why", "load"),
        )
    }
    monkeypatch.setattr("asyncshift.cli.project.Program", None)
    assert {options: run("plan", *options).output for options in told} == told
    assert "load becomes async" in told["--why", "load"]
    project.git("diff", "--exit-code")
    assert Path(".asyncshift/.gitignore").read_text() == "*\n"
