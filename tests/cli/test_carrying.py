"""What is said when a plan has been carried out, and when git cannot be asked."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from click.testing import Result

from asyncshift.analysis.decisions import Decision
from asyncshift.analysis.settings import Settings
from asyncshift.analysis.source import Site
from asyncshift.cli.carrying import carry_out
from asyncshift.cli.project import Project
from asyncshift.cli.work import Work
from asyncshift.codemods.engine import CODEMODS

from .conftest import Folder

LOOK = Decision("async-def", Site("a.py", 3, 0, 3, 1), "make async", function="load", concern="nobody awaits it")


@pytest.fixture
def carried(folder: Folder, capsys: pytest.CaptureFixture[str]) -> Callable[..., list[str]]:
    def carry(decisions: list[Decision], contents: dict[str, bytes], **options: bool) -> list[str]:
        program: Any = SimpleNamespace(sources={}, uses_sqlalchemy=True, as_read=lambda path: None)
        project = Project(folder.root, Settings(), tuple(contents), tuple(contents))
        carry_out(project, Work(program, CODEMODS, decisions, contents), **{"dry_run": False, "force": False} | options)
        return capsys.readouterr().out.splitlines()

    return carry


def test_the_closing_summary(carried: Callable[..., list[str]]) -> None:
    gone = Decision("twins", Site("b.py", 5, 0, 5, 1), "goes away: callers use load", function="load_async")
    assert carried([LOOK, LOOK, gone], {"a.py": b"1\n", "requirements.txt": b"2\n"}) == [
        "2 files changed, 2 functions made async, 1 place to look at:",
        "a.py",
        "  3  look   load  rewritten (make async): nobody awaits it",
        "",
        "Names that other code may know:",
        "b.py",
        "  5  gone   load_async  goes away: callers use load",
        "",
        "Next",
        "  install what requirements.txt now asks for",
        "  look at the places above",
        "  run the test suite and read the diff",
        "  `asyncshift undo` takes all of it back",
    ]


def test_what_the_gate_finds_is_told_in_its_words(folder: Folder, run: Callable[..., Result]) -> None:
    folder.write({"x.py": QUERY}).commit()
    told = run("migrate", "--skip", "await-calls").output
    assert "`asyncshift check` finds 1 mistake in the result:\n" in told
    message = "AS201 db.scalar() is a coroutine (AsyncSession.scalar) that nobody awaits"
    assert f"  x.py:6 {message}" in told
    assert message in run("check", "--format", "concise").output


def test_nothing_to_change_but_places_to_look_at(carried: Callable[..., list[str]], folder: Folder) -> None:
    assert carried([LOOK], {}) == [
        "Nothing more can be converted; 1 place to look at:",
        "a.py",
        "  3  look   load  rewritten (make async): nobody awaits it",
    ]
    assert not (folder.root / ".asyncshift").exists()


def test_many_uncommitted_files_are_counted(folder: Folder, run: Callable[..., Result]) -> None:
    folder.write({f"{name}.txt": "1" for name in "abcdefgh"} | {"x.py": QUERY}).commit()
    folder.write({f"{name}.txt": "2" for name in "abcdefgh"})
    result = run("migrate")
    assert result.exit_code == 2
    assert result.stderr.splitlines() == [
        "asyncshift: uncommitted changes: a.txt, b.txt, c.txt, d.txt, e.txt and 3 more",
        "asyncshift: nothing has been written; commit or stash them first, or use --force",
    ]


def test_a_repository_without_git(
    folder: Folder, run: Callable[..., Result], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    folder.write({"x.py": QUERY}).commit()
    monkeypatch.setenv("PATH", str(tmp_path))
    result = run("migrate")
    assert result.exit_code == 2
    assert "git is not installed" in result.stderr
    assert run("migrate", "--force").exit_code == 0


def test_a_repository_that_git_cannot_read(folder: Folder, run: Callable[..., Result]) -> None:
    folder.write({"x.py": QUERY, ".git": "gitdir: /nowhere\n"})
    result = run("migrate")
    assert result.exit_code == 2
    assert result.stderr.startswith("asyncshift: git rev-parse: fatal: not a git repository")


QUERY = """\
from sqlalchemy import text
from sqlalchemy.orm import Session


def load(db: Session) -> int:
    return db.scalar(text("select 1"))
"""
BLOCKING = f"""\
import requests
{QUERY}

async def poll(url: str) -> str:
    return requests.get(url).text
"""


SORTED = f"""\
{QUERY}

def order(db: Session, numbers: list[int]) -> list[int]:
    db.commit()
    return sorted(numbers, key=lambda number: db.get(object, number))
"""


def test_what_was_so_before_is_kept_in_the_same_words(folder: Folder, run: Callable[..., Result]) -> None:
    folder.write({"x.py": BLOCKING}).commit()
    before = folder.snapshot()
    words = "AS501 as before the migration: requests.get(url) waits for an HTTP server and blocks the event loop"
    told = run("migrate").output
    assert "`asyncshift check` keeps 1 place of it:\n" in told
    assert f"  x.py:11 {words}" in told
    result = run("check")
    assert (result.exit_code, result.output.splitlines()[-1]) == (0, "Nothing found; 1 kept.")
    assert f"x.py:11: keep {words}" in result.output
    folder.git("add", "-A")
    folder.git("ls-files", "--error-unmatch", ".asyncshift/kept.json")
    folder.write({"x.py": (folder.root / "x.py").read_text() + "\n\nasync def more(url):\n    requests.get(url)\n"})
    assert run("check").exit_code == 1
    run("undo", "--force")
    assert folder.snapshot() == before


def test_what_was_declined_is_kept_in_the_words_of_the_plan(folder: Folder, run: Callable[..., Result]) -> None:
    """And nothing else: a mistake in the next line, or the same one in another function, is a new one."""
    folder.write({"x.py": SORTED}).commit()
    told = run("migrate").output
    (look,) = (text for text in told.splitlines() if text.startswith("  11  look"))
    words = look.partition("order.<lambda>  ")[2]
    assert f"`asyncshift check` keeps 1 place of it:\n  x.py:11 AS201 {words}\n" in told
    result = run("check")
    assert (result.exit_code, result.output.splitlines()[-1]) == (0, "Nothing found; 1 kept.")
    assert f"x.py:11: keep AS201 {words}" in result.output
    migrated = (folder.root / "x.py").read_text()
    assert "await db.commit()" in migrated
    for text, line in (
        (migrated.replace("await db.commit()", "db.commit()"), 10),
        (migrated + "\n\nasync def again(db: AsyncSession) -> None:\n    db.get(object, 1)\n", 15),
    ):
        folder.write({"x.py": text})
        result = run("check", "--format", "concise")
        assert (result.exit_code, result.output.count("\n")) == (1, 2), result.output
        assert result.output.startswith(f"x.py:{line}:")


HOOK = f"""\
import pluggy
{QUERY}
hookimpl = pluggy.HookimplMarker("shop")


@hookimpl
def loaded(db: Session) -> int:
    return load(db)


def test_loaded(db: Session) -> None:
    db.commit()
    loaded(db)
"""


MODELS = """\
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column


class Base(DeclarativeBase):
    pass


class Order(Base):
    __tablename__ = "orders"
    id: Mapped[int] = mapped_column(primary_key=True)
"""
LONGER = """\
from sqlalchemy.orm import Session

from models import Order


def orders(db: Session, numbers: list[int]) -> list[int]:
    if not db.query(Order).all():
        return []
    return sorted(numbers, key=lambda number: db.get(Order, number))
"""


def test_what_is_told_of_a_migration_stands_at_the_lines_that_were_written(
    folder: Folder, run: Callable[..., Result]
) -> None:
    folder.write({"models.py": MODELS, "x.py": LONGER}).commit()
    told = run("migrate").output
    lines = (folder.root / "x.py").read_text().splitlines()
    number = next(number for number, text in enumerate(lines, 1) if "sorted(" in text)
    assert number != LONGER[: LONGER.index("sorted(")].count("\n") + 1
    assert f"\n  {number}  look   orders.<lambda>" in told
    facts = json.loads(run("report", "--format", "json").stdout)
    (module,) = (module for module in facts["modules"] if module["path"] == "x.py")
    assert [concern["line"] for concern in module["concerns"]] == [number]
    (function,) = module["functions"]
    assert lines[function["line"] - 1].startswith("async def orders")
    assert "query" not in lines[function["why"][0]["line"] - 1]
    assert f"x.py:{number}`" in run("report").stdout


WINDOW = """\
import tkinter as tk

from sqlalchemy import create_engine, text
from sqlalchemy.orm import sessionmaker

SessionLocal = sessionmaker(create_engine("postgresql+psycopg://localhost/app"))


def count() -> int:
    with SessionLocal() as db:
        return db.scalar(text("select 1"))


class Window:
    def __init__(self, root: tk.Tk) -> None:
        self.label = tk.Label(root, text=str(count()))
        self.button = tk.Button(root, command=self.refresh)

    def refresh(self) -> None:
        self.label.config(text=str(count()))
        self.button.config(text=str(count()))


if __name__ == "__main__":
    root = tk.Tk()
    Window(root)
    root.mainloop()
"""


def test_loops_of_windows_are_kept_in_the_words_that_tell_of_them(folder: Folder, run: Callable[..., Result]) -> None:
    """Of one in each file; the others are alike. One that is not of the migration is a new mistake."""
    folder.write({"x.py": WINDOW}).commit()
    told = run("migrate").output
    words = "each call runs on an event loop of its own"
    assert told.count(f"rewritten (run it with asyncio.run): {words}") == 1
    result = run("check", "--format", "json")
    kept = [(found["code"], found["reason"].partition(":")[0]) for found in json.loads(result.stdout)["accepted"]]
    assert (result.exit_code, kept) == (0, [("AS402", words)])
    line = "        self.label.config(text=str(asyncio.run(count())))\n"
    more = f"\n    def again(self) -> None:\n{line}{line}\n\nif __name__"
    folder.write({"x.py": (folder.root / "x.py").read_text().replace("\n\nif __name__", more)})
    result = run("check", "--format", "concise")
    assert result.exit_code == 1
    assert "AS402" in result.output.splitlines()[0]


def test_who_calls_what_was_declined_is_kept_for_it(folder: Folder, run: Callable[..., Result]) -> None:
    folder.write({"x.py": HOOK}).commit()
    run("migrate")
    result = run("check", "--format", "json")
    assert result.exit_code == 0
    kept = {(found["line"], found["reason"].partition(":")[0]) for found in json.loads(result.stdout)["accepted"]}
    assert kept == {(14, "loaded stays sync"), (19, "loaded stays sync")}


def test_what_was_declined_and_is_mended_has_to_leave_the_list(folder: Folder, run: Callable[..., Result]) -> None:
    folder.write({"x.py": SORTED}).commit()
    run("migrate")
    migrated = (folder.root / "x.py").read_text()
    listed = folder.root / ".asyncshift/kept.json"
    folder.write({"x.py": migrated.replace("sorted(numbers, key=lambda number: db.get(object, number))", "numbers")})
    result = run("check", "--format", "concise")
    assert result.exit_code == 1
    assert result.output.startswith(".asyncshift/kept.json:2:1: AS905 AS201 is gone from x.py: --fix takes the entry")
    assert run("check", "--select", "AS5").exit_code == 0
    assert run("check", "--fix").exit_code == 0
    assert not listed.exists()
    assert run("undo", "--force").exit_code == 0
    assert (folder.root / "x.py").read_text() == SORTED
    assert not listed.exists()


def test_what_is_kept_and_gone_is_not_listed_by_the_next_migration(folder: Folder, run: Callable[..., Result]) -> None:
    folder.write({"x.py": BLOCKING}).commit()
    run("migrate")
    folder.write({"x.py": QUERY, "y.py": BLOCKING})
    listed = folder.root / ".asyncshift/kept.json"
    former = listed.read_bytes()
    run("migrate", "--force")
    assert b"y.py" in listed.read_bytes()
    assert b"x.py" not in listed.read_bytes()
    run("undo", "--force")
    assert listed.read_bytes() == former


def test_a_fault_of_the_gate_does_not_undo_what_is_written(
    carried: Callable[..., list[str]],
    folder: Folder,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    told: list[str] = []
    monkeypatch.setattr("asyncshift.cli.carrying.messages", lambda: SimpleNamespace(print=told.append))

    def broken(project: Project) -> None:
        raise RuntimeError("lost")

    monkeypatch.setattr("asyncshift.cli.carrying.everything", broken)
    lines = carried([replace(LOOK, concern="")], {"a.py": b"1\n"})
    assert lines[0].startswith("1 file changed, 1 function made async")
    assert (folder.root / "a.py").read_bytes() == b"1\n"
    assert told == ["`asyncshift check` could not look at the result (RuntimeError: lost)."]
