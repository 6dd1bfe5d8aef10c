"""What `plan` says of single places in small projects."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest
from click.testing import Result

from .conftest import Folder

Run = Callable[..., Result]

HEAD = "from sqlalchemy import text\nfrom sqlalchemy.orm import Session\n\n\n"
LOAD = "def load(db: Session) -> int:\n    return db.scalar(text('select 1'))\n"


def rows(result: Result) -> list[str]:
    assert result.exit_code == 0, result.output
    return [" ".join(line.split()) for line in result.output.splitlines()]


def test_files_that_stay_sync_are_kept_with_their_reason(folder: Folder, run: Run) -> None:
    folder.write({
        "app.py": HEAD + LOAD,
        "worker.py": HEAD + LOAD,
        "pure.py": "def f():\n    return 1\n",
        "pyproject.toml": '[tool.asyncshift.keep-sync]\n"worker.py" = "no loop"\n"pure.py" = "no loop either"\n',
    })  # fmt: skip
    told = rows(run("plan"))
    assert told[told.index("worker.py") + 1] == "1 keep (module) stays sync: no loop"
    assert "pure.py" not in told
    assert next(row for row in told if row.startswith("async-def")) == "async-def 1 1 0"
    run("migrate", "--force")
    assert (folder.root / "worker.py").read_text() == HEAD + LOAD


def test_what_a_kept_file_does_at_the_border_is_named(folder: Folder, run: Run) -> None:
    folder.write({
        "app.py": HEAD + LOAD,
        "worker.py": "from app import load\n\n\ndef work(db):\n    return load(db)\n",
        "pyproject.toml": '[tool.asyncshift.keep-sync]\n"worker.py" = "no loop"\n',
    })  # fmt: skip
    assert "5 look work work stays sync: no loop; it calls load, which becomes async" in rows(run("plan"))


def test_an_await_that_was_forgotten_is_told_as_made_and_names_the_call(folder: Folder, run: Run) -> None:
    mail = "async def mail(number):\n    print(number)\n\n\n"
    folder.write({"app.py": HEAD + mail + LOAD.replace("    return", "    mail(1)\n    return")})
    expected = "10 look load rewritten (await the coroutine): nobody awaited mail(1), so that it never ran; now it does"
    assert expected in rows(run("plan"))
    assert expected in rows(run("migrate", "--force"))
    assert "    await mail(1)\n" in (folder.root / "app.py").read_text()


def test_what_a_function_is_handed_to_is_named(folder: Folder, run: Run) -> None:
    folder.write({
        "app.py": HEAD + LOAD,
        "queue.py": "import jobs\nfrom app import load\n\n\ndef start():\n    jobs.later(load)\n",
    })  # fmt: skip
    expected = "it is handed to jobs.later (queue.py:6), of which it is not known whether it awaits"
    assert f"5 look load rewritten (make async): {expected}" in rows(run("plan"))


@pytest.mark.parametrize("asking", ["isinstance(load, str)", "callable(load)", "inspect.isfunction(load)"])
def test_what_only_asks_something_of_a_function_is_handed_nothing(folder: Folder, run: Run, asking: str) -> None:
    folder.write({"app.py": HEAD + LOAD, "other.py": f"import inspect\nfrom app import load\n\nX = {asking}\n"})
    assert not any("it is handed to" in row for row in rows(run("plan")))


TWINS = """\
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import Session


def find_user(db: Session):
    return db.scalar(text("select 1"))


async def find_user_async(db: AsyncSession):
    return await db.scalar(text("select 1"))


async def page(db: AsyncSession):
    return await find_user_async(db)
"""


@pytest.mark.parametrize("command", [["plan"], ["migrate", "--force"]])
def test_names_of_twins_that_go_away(folder: Folder, run: Run, command: list[str]) -> None:
    folder.write({"users.py": TWINS})
    gone = [row for row in rows(run(*command)) if " gone " in row]
    line = 10 if command[0] == "plan" else 5
    assert gone == [f"{line} gone find_user_async goes away: callers use find_user"]


def test_a_project_without_a_list_of_requirements(folder: Folder, run: Run) -> None:
    folder.write({"app.py": HEAD + LOAD})
    told = rows(run("plan"))
    assert told[0] == "(project)"
    assert told[1].startswith("look SQLAlchemy is listed nowhere; needed: ")


@pytest.mark.parametrize("command", [["plan"], ["migrate", "--force"]])
def test_places_are_counted_as_they_are_listed(folder: Folder, run: Run, command: list[str]) -> None:
    folder.write({
        "app.py": HEAD + LOAD,
        "worker.py": "from app import load\n\n\ndef work(db):\n    return load(db) + load(db)\n",
        "pyproject.toml": '[tool.asyncshift.keep-sync]\n"worker.py" = "no loop"\n',
        "uv.lock": "",
    })  # fmt: skip
    told = rows(run(*command))
    looks = [row for row in told if re.match(r"(\d+ )?look (?!at )", row)]
    (summary,) = [row for row in told if " to look at" in row and "function" in row]
    assert f", {len(looks)} places to look at" in summary
    assert len({row for row in looks if "calls load" in row}) == 1
