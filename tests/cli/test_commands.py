"""The commands on small projects: what they print, what they write, and what they refuse."""

from __future__ import annotations

import json
import re
import shutil
import stat
from collections.abc import Callable
from functools import partial
from itertools import count
from pathlib import Path

import pytest
from click.testing import Result

from asyncshift.cli import work, writing

from .conftest import STEPS, Folder, Step

Run = Callable[..., Result]
Killed = Callable[[Callable[[Step], object], int], str | None]

MODELS = """\
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column


class Base(DeclarativeBase):
    pass


class Item(Base):
    __tablename__ = "item"
    id: Mapped[int] = mapped_column(primary_key=True)
"""
QUERIES = """\
from sqlalchemy.orm import Session

from app.models import Item


def load(db: Session, id: int) -> Item | None:
    return db.get(Item, id)


def name(db: Session, id: int) -> str:
    item = load(db, id)
    return str(item)


def pure(id: int) -> int:
    return id + 1
"""
OTHER = """\
from sqlalchemy.orm import Session

from app.queries import load


def other(db: Session) -> bool:
    return load(db, 1) is not None
"""
APP = {
    "requirements.txt": "sqlalchemy>=2.0  # the database\n",
    "app/__init__.py": "",
    "app/models.py": MODELS,
    "app/queries.py": QUERIES,
    "app/other.py": OTHER,
}


BROKEN = {
    "app/broken.py": "x = 1\ndef f(session:\n",
    "app/latin.py": b"# fine\nsession = '\xe9'\n",
    "app/null.py": "session = '\0'\n",
}


@pytest.fixture
def project(folder: Folder) -> Folder:
    return folder.write(APP)


def text(folder: Folder, path: str) -> str:
    return (folder.root / path).read_bytes().decode()


def test_plan_prints_functions_and_changes_nothing(project: Folder, run: Run) -> None:
    before = project.snapshot()
    result = run("plan", ".")
    assert result.exit_code == 0, result.output
    lines = result.output.splitlines()
    start = lines.index("app/queries.py")
    assert lines[start + 1].split()[:3] == ["6", "async", "load"]
    assert lines[start + 2].split()[:3] == ["10", "async", "name"]
    assert "pure" not in result.output
    assert "3 functions become async" in result.output
    assert project.snapshot() == before
    assert "\x1b" not in result.output


def test_plan_as_json(project: Folder, run: Run) -> None:
    plan = json.loads(run("plan", "--format", "json").stdout)
    assert plan["version"] == 1
    made = {d["function"].rpartition(".")[2] for d in plan["decisions"] if d["codemod"] == "async-def"}
    assert made == {"load", "name", "other"}


def test_plan_why_leads_down_to_the_database(project: Folder, run: Run) -> None:
    result = run("plan", "--why", "name")
    assert result.exit_code == 0, result.output
    steps = [line.split(maxsplit=1) for line in result.output.splitlines() if line.startswith("  app/")]
    assert steps[0] == ["app/queries.py:11", "item = load(db, id)"]
    assert steps[-1] == ["app/queries.py:7", "return db.get(Item, id)"]


def test_plan_why_as_json(project: Folder, run: Run) -> None:
    (decision,) = json.loads(run("plan", "--why", "name", "--format", "json").stdout)["decisions"]
    assert [step["line"] for step in decision["why"]] == [11, 7]


def test_plan_why_of_a_pure_function(project: Folder, run: Run) -> None:
    result = run("plan", "--why", "pure")
    assert result.exit_code == 0
    assert result.output.startswith("pure stays as it is")
    assert run("plan", "--why", "nowhere").exit_code == 2


def test_migrate_and_undo(project: Folder, run: Run) -> None:
    project.commit()
    (project.root / "app/queries.py").chmod(0o755)
    project.commit()
    before = project.snapshot()
    result = run("migrate", ".")
    assert result.exit_code == 0, result.output
    assert "async def load(" in text(project, "app/queries.py")
    assert "async def other(" in text(project, "app/other.py")
    assert stat.S_IMODE((project.root / "app/queries.py").stat().st_mode) == 0o755
    assert "3 functions made async" in result.output
    assert "asyncshift undo" in result.output
    undone = run("undo")
    assert undone.exit_code == 0
    assert undone.output.startswith("The migration is taken back: ")
    assert project.snapshot() == before


def test_migrate_twice_changes_nothing_the_second_time(project: Folder, run: Run) -> None:
    project.commit()
    run("migrate", ".")
    once = project.snapshot()
    result = run("migrate", ".")
    assert result.exit_code == 0, result.output
    assert project.snapshot() == once
    assert "changed" not in result.output


def test_migrate_dry_run_prints_a_diff_and_writes_nothing(project: Folder, run: Run) -> None:
    before = project.snapshot()
    result = run("migrate", "--dry-run")
    assert result.exit_code == 0, result.output
    assert "+async def load(db" in result.stdout
    assert result.stderr.startswith(
        "Nothing has been written. 3 functions become async, 3 files change, 0 places to look at.\n"
    )
    assert "asyncshift migrate  carries it out; asyncshift undo takes it back" in result.stderr
    assert run("--quiet", "migrate", "--dry-run").stderr == ""
    assert project.snapshot() == before
    assert not (project.root / ".asyncshift").exists()


def test_migrate_refuses_uncommitted_changes(project: Folder, run: Run) -> None:
    project.commit()
    project.write({"app/models.py": MODELS + "\n"})
    before = project.snapshot()
    result = run("migrate")
    assert result.exit_code == 2
    assert result.stderr.startswith("asyncshift: uncommitted changes: app/models.py\n")
    assert project.snapshot() == before
    assert run("migrate", "--force").exit_code == 0
    assert project.snapshot() != before


def test_an_untracked_file_counts_only_where_it_would_change(project: Folder, run: Run) -> None:
    project.write({".gitignore": "app/other.py\n"}).commit()
    project.write({"notes.txt": "mine", "more.py": "x = 1\n"})
    assert run("migrate").exit_code == 0
    project.git("checkout", "-q", ".")
    project.write({"app/new.py": OTHER})
    result = run("migrate")
    assert result.exit_code == 2
    assert "uncommitted changes: app/new.py\n" in result.stderr


def test_changes_elsewhere_in_the_repository_do_not_count(
    folder: Folder, run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder.write({f"backend/{path}": content for path, content in APP.items()})
    folder.write({"frontend/x.js": "1\n"}).commit()
    folder.write({"frontend/x.js": "2\n"})
    monkeypatch.chdir(folder.root / "backend")
    assert run("migrate", ".").exit_code == 0
    assert "async def load(" in text(folder, "backend/app/queries.py")


def test_only_and_skip(project: Folder, run: Run) -> None:
    assert run("migrate", "--only", "nonsense").stderr.startswith("asyncshift: no codemod named 'nonsense'")
    assert run("migrate", "--skip", "async-deff").stderr == (
        "asyncshift: no codemod named 'async-deff': did you mean 'async-def'?\n"
    )
    both = run("migrate", "--only", "async-def", "--skip", "async-def", "--skip", "engines")
    assert both.exit_code == 2
    assert both.stderr == "asyncshift: --only async-def and --skip async-def contradict each other\n"
    result = run("migrate", "--dry-run", "--skip", "async-def")
    assert result.exit_code == 0
    assert "+async def" not in result.stdout
    only = run("migrate", "--dry-run", "--only", "async-def").stdout
    assert "+async def load" in only
    assert "await" not in only


def test_codemods_that_are_left_out_are_told(project: Folder, run: Run) -> None:
    done = run("migrate", "--force", "--skip", "await-calls").stdout
    assert "Left undone, as you asked, and needed before the code works: await-calls (3 places)." in done


def test_a_module_alone(project: Folder, run: Run) -> None:
    result = run("plan", "--module", "app.other", "--format", "json")
    made = [d for d in json.loads(result.stdout)["decisions"] if d["status"] == "done" and d["codemod"] == "async-def"]
    assert {d["path"] for d in made} <= {"app/other.py"}
    missing = run("plan", "--module", "app.nowhere")
    assert missing.exit_code == 2
    assert missing.stderr == "asyncshift: --module: no package or module named 'app.nowhere' in the project\n"


def test_a_file_alone(project: Folder, run: Run) -> None:
    project.write({"app/old.py": "from sqlalchemy.orm import Session\n\n\ndef f(db: Session): db.query(1).all()\n"})
    decisions = json.loads(run("plan", "--format", "json", "app/queries.py").stdout)["decisions"]
    assert {d["path"] for d in decisions if d["status"] == "done"} == {"app/queries.py", "requirements.txt"}
    (border,) = [d for d in decisions if d["path"] == "app/other.py"]
    assert border["concern"] == (
        "other stays sync: lies outside of the paths that were given; it calls load, which becomes async"
    )
    assert run("codemod", "query-to-select", "--dry-run", "app/old.py").stdout.count("\n+++ ") == 1
    assert run("codemod", "query-to-select", "--dry-run", "app/other.py").stdout.count("\n+++ ") == 0


def test_an_unknown_driver(project: Folder, run: Run) -> None:
    result = run("migrate", "--driver", "asyncgp")
    assert result.exit_code == 2
    assert result.stderr.startswith("asyncshift: --driver: unknown driver 'asyncgp': known are ")


def test_codemods_are_listed_with_a_line_each(run: Run, folder: Folder) -> None:
    result = run("codemod")
    assert result.exit_code == 0
    lines = [line.split(maxsplit=1) for line in result.output.splitlines()]
    assert "async-def" in [name for name, _ in lines]
    assert all(len(line) == 2 for line in lines)
    assert [name for name, _ in lines] == sorted(name for name, _ in lines)


def test_one_codemod_alone(project: Folder, run: Run) -> None:
    result = run("codemod", "async-def", "--dry-run", "app/queries.py")
    assert result.exit_code == 0, result.output
    assert "+async def load(" in result.stdout
    assert "await" not in result.stdout
    assert run("codemod", "async-def").exit_code == 2
    assert run("codemod", "nonsense", ".").exit_code == 2
    assert run("codemod", "async-def", "app/queries.py").exit_code == 0
    assert "async def load(" in text(project, "app/queries.py")


@pytest.mark.parametrize("command", ["plan", "migrate"])
def test_broken_files_are_told_one_by_one(project: Folder, run: Run, command: str) -> None:
    project.write(BROKEN)
    before = project.snapshot()
    result = run(command)
    assert result.exit_code == 2
    lines = sorted(result.stderr.splitlines())
    assert [line.split(": ")[1] for line in lines] == ["app/broken.py:2", "app/latin.py:2", "app/null.py:1"]
    assert lines[1].endswith("not UTF-8 (byte 0xe9)")
    assert project.snapshot() == before


def test_a_broken_file_that_has_nothing_to_do_with_it_is_left_out(project: Folder, run: Run) -> None:
    template = {"templates/{{ name }}.py": "class {{ name }}:\n    pass\n"}
    project.write(template)
    result = run("migrate", "--force")
    assert result.exit_code == 0
    assert re.search(r"templates/{{ name }}\.py\n +1 +look .*invalid syntax", result.stdout)
    assert text(project, "templates/{{ name }}.py") == template["templates/{{ name }}.py"]


def test_a_broken_file_that_another_imports_is_told(project: Folder, run: Run) -> None:
    project.write({"app/odd.py": "def f(:\n", "app/uses.py": "from app import odd\n"})
    result = run("migrate", "--force")
    assert (result.exit_code, result.stderr.split(": ")[1]) == (2, "app/odd.py:1")


@pytest.mark.parametrize("command", ["plan", "migrate"])
def test_broken_configuration(project: Folder, run: Run, command: str) -> None:
    project.write({"pyproject.toml": "[tool.asyncshift]\nexcludes = []\n"})
    result = run(command)
    assert result.exit_code == 2
    assert result.stderr.startswith("asyncshift: pyproject.toml:2: [tool.asyncshift] unknown key 'excludes'")


@pytest.mark.parametrize("command", [["plan"], ["migrate"], ["codemod", "async-def"], ["undo"]])
def test_a_missing_path(folder: Folder, run: Run, command: list[str]) -> None:
    result = run(*command, "nowhere")
    assert result.exit_code == 2
    assert result.stderr == "asyncshift: nowhere: no such file or folder\n"


def test_a_current_folder_that_is_gone(folder: Folder, run: Run) -> None:
    folder.root.rmdir()
    result = run("plan")
    assert result.exit_code == 2
    assert result.stderr == "asyncshift: the current folder has been deleted: change to one that is there\n"


@pytest.mark.parametrize("files", [{}, {"x.py": "print(1)\n"}], ids=["empty", "other code"])
@pytest.mark.parametrize("command", ["plan", "migrate"])
def test_a_project_without_sqlalchemy(folder: Folder, run: Run, files: dict[str, str], command: str) -> None:
    result = run(command, str(folder.write(files).root))
    assert result.exit_code == 0, result.output
    assert result.output == "This project does not use SQLAlchemy: nothing to do.\n"


@pytest.mark.parametrize("command", ["plan", "migrate"])
def test_a_project_that_is_async_already(folder: Folder, run: Run, command: str) -> None:
    folder.write({
        "app.py": (
            "from sqlalchemy import text\n"
            "from sqlalchemy.ext.asyncio import AsyncSession\n\n\n"
            "async def count(db: AsyncSession) -> int:\n"
            '    return await db.scalar(text("select 1"))\n'
        )
    })  # fmt: skip
    result = run(command)
    assert result.exit_code == 0, result.output
    assert result.output == "This project's SQLAlchemy code is async already: nothing to do.\n"


def test_a_project_with_models_alone(folder: Folder, run: Run) -> None:
    result = run("migrate", str(folder.write({"models.py": MODELS}).root))
    assert result.exit_code == 0, result.output
    assert result.output == "This project uses SQLAlchemy, but nothing in it has to become async: nothing to do.\n"


def test_undo_without_a_migration(folder: Folder, run: Run) -> None:
    result = run("undo")
    assert result.exit_code == 2
    assert result.stderr == "asyncshift: nothing to undo: no migration is on record here\n"


def test_undo_from_a_folder_inside(project: Folder, run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    before = project.snapshot()
    run("migrate")
    monkeypatch.chdir(project.root / "app")
    assert run("undo").exit_code == 0
    assert project.snapshot() == before


def test_undo_refuses_when_files_have_changed(project: Folder, run: Run) -> None:
    before = project.snapshot()
    run("migrate")
    project.write({"app/queries.py": "mine = 1\n"})
    result = run("undo")
    assert result.exit_code == 2
    assert result.stderr.startswith("asyncshift: app/queries.py: changed since the migration\n")
    assert run("undo", "--force").exit_code == 0
    assert project.snapshot() == before


def test_killed_at_any_step_migrate_and_undo_both_finish(
    project: Folder, run: Run, killed: Killed, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = project.snapshot()
    whole = Folder(Path(shutil.copytree(project.root, tmp_path / "whole")))
    assert run("migrate", str(whole.root)).exit_code == 0
    after = whole.snapshot()
    write = writing.write

    def migrate(root: Path, step: Step) -> None:
        monkeypatch.setattr(writing, "write", partial(write, step=step))
        run("migrate", str(root))

    kinds = set()
    for number in count():
        one, two = (Folder(Path(shutil.copytree(project.root, tmp_path / f"{number}{x}"))) for x in "ab")
        step = killed(partial(migrate, one.root), number)
        if step is None:
            break
        kinds.add(step.split()[0])
        shutil.copytree(one.root, two.root, dirs_exist_ok=True)
        half_written = writing.interrupted(one.root)
        assert (run("plan", str(one.root)).exit_code == 2) is half_written, step
        assert run("undo", str(one.root)).exit_code == (0 if half_written else 2), step
        assert one.snapshot() == before, step
        assert run("migrate", str(two.root)).exit_code == 0, step
        assert two.snapshot() == after, step
    assert kinds == STEPS


def test_a_file_that_changes_meanwhile_is_not_overwritten(
    project: Folder, run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    rewrite = work.rewrite

    def and_somebody_edits(*arguments: object, **options: object) -> object:
        contents = rewrite(*arguments, **options)
        project.write({"app/queries.py": "mine = 1\n"})
        return contents

    monkeypatch.setattr(work, "rewrite", and_somebody_edits)
    result = run("migrate")
    assert result.exit_code == 2
    assert "app/queries.py: has changed while it was worked on" in result.stderr
    assert "async def" not in text(project, "app/other.py")


LEGACY = """\
from sqlalchemy.orm import Session

from app.models import Item


def count(db: Session) -> int:
    return db.query(Item).count()
"""


@pytest.mark.parametrize(
    "command",
    [["codemod", "query-to-select", "."], ["migrate", "--only", "query-to-select"], ["migrate", "--skip", "async-def"]],
)
def test_queries_alone_are_rewritten_in_code_that_stays_sync(project: Folder, run: Run, command: list[str]) -> None:
    project.write({"app/legacy.py": LEGACY})
    result = run(*command)
    assert result.exit_code == 0, result.output
    assert "select(" in text(project, "app/legacy.py")
    assert "async" not in "".join(text(project, path) for path in ("app/legacy.py", "app/queries.py", "app/other.py"))
    again = run("codemod", "query-to-select", ".", "--force")
    assert again.output == "Nothing to do for query-to-select.\n"


def test_quiet(project: Folder, run: Run) -> None:
    assert "asyncshift migrate" not in run("plan", "--quiet").output
    assert "becomes async" in run("plan", "--why", "load", "--quiet").output
    assert run("--quiet", "migrate", "--force").output == ""
    assert run("undo", "--quiet").output == ""
    refused = run("undo", "--quiet")
    assert refused.exit_code == 2
    assert "nothing to undo" in refused.output


def test_no_colour_when_it_is_not_wanted(project: Folder, run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FORCE_COLOR", "1")
    assert "\x1b[33" in run("plan").output or "\x1b[36" in run("plan").output
    monkeypatch.setenv("NO_COLOR", "1")
    assert "\x1b[33" not in run("plan").output
    assert "\x1b[36" not in run("plan").output
