"""The plan knows what a recording saw."""

from __future__ import annotations

import json
import sys
import textwrap
from collections.abc import Callable
from typing import Any

import pytest
from click.testing import Result

from ..evidence.projects import library
from .conftest import Folder

Run = Callable[..., Result]
# What `pick` gives comes out of a registry that no analysis follows.
CODE = """
    import json

    REGISTRY = {}

    def register(kind):
        def enter(function):
            REGISTRY[kind] = function
            return function
        return enter

    @register("titles")
    def titles(thing):
        return [part.title for part in thing.books]

    def run(session, task):
        done = session.execute
        return REGISTRY[json.loads(task)["kind"]](vars(session)["_it"])
"""
TEST = """
    from models import Author
    from tasks import run

    def test_run(session):
        session._it = session.query(Author).one()
        assert run(session, '{"kind": "titles"}') == ["One", "Two"]
"""


@pytest.fixture
def project(folder: Folder, monkeypatch: pytest.MonkeyPatch) -> Folder:
    monkeypatch.setenv("VIRTUAL_ENV", sys.prefix)
    library(folder.root, {"tasks.py": CODE, "test_tasks.py": TEST})
    return folder


def _loads(run: Run) -> list[dict[str, Any]]:
    decisions: list[dict[str, Any]] = json.loads(run("plan", "--format", "json").stdout)["decisions"]
    return [d for d in decisions if d["codemod"] == "implicit-io" and d["path"] == "tasks.py"]


def test_a_load_that_only_the_recording_saw_is_awaited(run: Run, project: Folder) -> None:
    assert _loads(run) == []
    assert run("record", "--", "-m", "pytest", "-q", "-p", "no:cacheprovider").exit_code == 0
    (load,) = _loads(run)
    assert (load["action"], load["line"], load["concern"]) == ("await the lazy load", 13, "")
    assert load["why"][0]["what"] == "titles reads books, which the recording saw loading it"


def test_what_has_changed_since_is_left_out(run: Run, project: Folder) -> None:
    run("record", "--", "-m", "pytest", "-q", "-p", "no:cacheprovider")
    tasks = project.root / "tasks.py"
    tasks.write_text(f"\n{tasks.read_text()}")
    result = run("plan", "--format", "json")
    assert "Files have changed since the recording (1)" in result.stderr
    assert not [d for d in json.loads(result.stdout)["decisions"] if d["codemod"] == "implicit-io"]


# Neither which function is called is known, nor what `bare` is given.
CALLS = """
    import json
    from sqlalchemy import text
    from sqlalchemy.orm import Session
    from models import Author

    def authors(db: Session):
        return db.query(Author).count()

    def books(db):
        return {name: getattr(db, name) for name in dir(db)}["scalar"](text("SELECT count(*) FROM books"))

    def nothing(db):
        return 0

    def run(db: Session, task):
        found = globals()[json.loads(task)["kind"]](db)
        db.commit()
        return found
"""
CALLS_TEST = """
    import pytest
    from jobs import run

    @pytest.mark.parametrize(("kind", "number"), [("authors", 1), ("nothing", 0)])
    def test_run(session, kind, number):
        assert run(session, '{"kind": "%s"}' % kind) == number
"""
BARE_TEST = CALLS_TEST.replace('("authors", 1)', '("books", 2)')
SUITE = ("--", "-m", "pytest", "-q", "-p", "no:cacheprovider")


def _looks(run: Run) -> list[tuple[int, str]]:
    decisions = json.loads(run("plan", "--format", "json").stdout)["decisions"]
    return [(d["line"], d["concern"]) for d in decisions if d["path"] == "jobs.py" and d["status"] == "declined"]


@pytest.fixture
def jobs(project: Folder) -> Folder:
    library(project.root, {"jobs.py": CALLS, "test_tasks.py": CALLS_TEST})
    return project


def test_a_call_that_only_the_recording_saw_is_awaited(run: Run, jobs: Folder) -> None:
    assert run("record", *SUITE).exit_code == 0
    assert _looks(run) == []
    assert run("migrate", "--force").exit_code == 0
    text = (jobs.root / "jobs.py").read_text()
    assert "if inspect.isawaitable(found):\n        found = await found\n" in text
    result = run("verify", *SUITE)
    assert result.exit_code == 0, result.output


def test_what_no_call_is_found_for_is_told(run: Run, jobs: Folder) -> None:
    (jobs.root / "test_tasks.py").write_text(textwrap.dedent(BARE_TEST))
    assert run("record", *SUITE).exit_code == 0
    assert _looks(run) == [(10, "the recording saw that this sends SQL, through something that is not known")]


def test_until_verified_needs_what_the_recording_saw(run: Run, project: Folder) -> None:
    result = run("migrate", "--force", "--until-verified", *SUITE)
    assert result.exit_code == 0, result.output
    assert "await thing.awaitable_attrs.books" in (project.root / "tasks.py").read_text()


def test_a_partial_recording_is_used_for_what_it_holds(run: Run, project: Folder) -> None:
    project.write({"test_z.py": "import os\ndef test_end(): os._exit(3)\n"})
    assert run("record", *SUITE).exit_code == 1
    result = run("plan", "--format", "json")
    reason = "a process of the suite ended before its time (last finished test: test_tasks.py::test_run)"
    assert f"The recording is partial, and is used for what it holds: {reason}" in " ".join(result.stderr.split())
    assert any(d["action"] == "await the lazy load" for d in json.loads(result.stdout)["decisions"])


def test_what_is_inferred_is_told_once(run: Run, project: Folder) -> None:
    """Other calls on the line of a known one, of which nothing is known, are none of those that were seen."""
    code = """
        from sqlalchemy.orm import Session
        from models import Author, Book

        def find(db: Session, name):
            return db.query(Author).filter(Author.name == name).first()

        def titles(db: Session, data):
            author = find(db, data.strip())
            books = db.query(Book).filter(Book.author_id == author.id)
            return [
                book.title
                for book in books
            ]
    """
    test = """
        from known import titles

        def test_titles(session):
            assert titles(session, " Ada ") == ["One", "Two"]
    """
    library(project.root, {"known.py": code, "test_tasks.py": test})
    assert run("record", *SUITE).exit_code == 0
    assert "recording saw" not in run("plan", "--format", "json").stdout
