"""`asyncshift check`: what it looks at, what it prints and how it ends."""

from __future__ import annotations

import json
import resource
import subprocess
import sys
import sysconfig
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from click.testing import Result

from asyncshift.checks.engine import RULES
from asyncshift.reports.formats import FORMATS

Run = Callable[..., Result]
SCRIPT = Path(sysconfig.get_path("scripts"), "asyncshift")
BAD = """\
from sqlalchemy.ext.asyncio import AsyncSession


async def save(session: AsyncSession) -> None:
    session.commit()
"""
GOOD = BAD.replace("    session.commit", "    await session.commit")


def found(result: Result) -> list[tuple[str, int, str]]:
    """Path, line and code of what a run in JSON reports."""
    return [(f["path"], f["line"], f["code"]) for f in json.loads(result.stdout)["findings"]]


@pytest.mark.parametrize("form", FORMATS)
def test_nothing_found_ends_with_0(folder: Any, run: Run, form: str) -> None:
    folder.write({"app.py": GOOD})
    result = run("check", "--format", form)
    assert (result.exit_code, result.stderr) == (0, "")


@pytest.mark.parametrize("form", FORMATS)
def test_findings_end_with_1(folder: Any, run: Run, form: str) -> None:
    folder.write({"app.py": BAD})
    result = run("check", "--format", form)
    assert (result.exit_code, result.stderr) == (1, "")
    assert "AS201" in result.stdout


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["nowhere"], "nowhere: no such file or folder"),
        (["--select", "AS2,AS17"], "no rule named 'AS17'"),
        (["--ignore", "querying-on-async-session"], "did you mean 'query-on-async-session'?"),
        (["--explain", "X"], "no rule named 'X'"),
        (["--write-baseline"], "--write-baseline: which file?"),
        (["--baseline", "none.json"], "--baseline: none.json: No such file or directory; --write-baseline makes it"),
        (["--diff", "HEAD"], "git "),
        (["--format", "xml"], "'xml' is not one of"),
    ],
)
def test_bad_input_ends_with_2(folder: Any, run: Run, arguments: list[str], says: str) -> None:
    folder.write({"app.py": BAD})
    result = run("check", *arguments)
    assert result.exit_code == 2
    assert says in result.stderr
    assert not result.stdout


def test_a_broken_setting_ends_with_2(folder: Any, run: Run) -> None:
    folder.write({"app.py": BAD, "pyproject.toml": "[tool.asyncshift]\nnonsense = 1\n"})
    assert run("check").exit_code == 2


def test_a_file_that_cannot_be_parsed_is_a_finding_and_the_rest_is_looked_at(folder: Any, run: Run) -> None:
    folder.write({"app.py": BAD, "broken.py": "def f(:\n"})
    result = run("check", "--format", "json")
    assert result.exit_code == 1
    assert found(result) == [("app.py", 5, "AS201"), ("broken.py", 1, "AS901")]


def test_a_rule_that_fails_ends_with_2_and_the_others_are_told(
    folder: Any, run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(program: object) -> None:
        raise ZeroDivisionError("of all things")

    folder.write({"app.py": BAD})
    monkeypatch.setattr(RULES["AS101"], "find", fail)
    for _ in range(2):
        result = run("check", "--format", "json")
        assert result.exit_code == 2
        assert found(result) == [("app.py", 5, "AS201")]
        assert "of all things" in result.stderr


def test_paths_choose_what_is_reported_not_what_is_known(folder: Any, run: Run) -> None:
    folder.write(
        {
            "pyproject.toml": "",
            "app/store.py": "def save(session):\n    return session.commit\n\n\nasync def go(db):\n    db.commit()\n",
            "app/main.py": BAD.replace("session.commit()", "await go(session)") + "\n\nfrom app.store import go\n",
            "app/other.py": BAD,
        }
    )
    assert found(run("check", "--format", "json", "app/store.py")) == [("app/store.py", 6, "AS201")]
    assert found(run("check", "--format", "json", "app/main.py")) == []
    assert len(found(run("check", "--format", "json", "app"))) == 2


def test_paths_are_those_from_here(folder: Any, run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    folder.write({"pyproject.toml": "", "app/a.py": BAD, "tests/b.py": GOOD})
    monkeypatch.chdir(folder.root / "tests")
    assert found(run("check", "--format", "json", "../app")) == [("../app/a.py", 5, "AS201")]


def test_nothing_to_look_at(folder: Any, run: Run) -> None:
    result = run("check")
    assert (result.exit_code, result.stdout) == (0, "Nothing found.\n")


def test_a_file_that_is_excluded_is_looked_at_when_it_is_named(folder: Any, run: Run) -> None:
    folder.write({"app.py": BAD, "pyproject.toml": '[tool.asyncshift]\nexclude = ["app.py"]\n'})
    assert run("check").exit_code == 0
    assert found(run("check", "--format", "json", "app.py")) == [("app.py", 5, "AS201")]


TWO = BAD.replace("    session.commit()", "    session.commit()\n    session.query(1)")


@pytest.mark.parametrize(
    ("arguments", "codes"),
    [
        ([], ["AS201", "AS101"]),
        (["--select", "AS2"], ["AS201"]),
        (["--select", "as201"], ["AS201"]),
        (["--select", "query-on-async-session"], ["AS101"]),
        (["--select", "AS1,AS2", "--ignore", "AS201"], ["AS101"]),
        (["--select", "AS1", "--select", "AS2"], ["AS201", "AS101"]),
        (["--ignore", "AS101, AS201"], []),
    ],
)
def test_select_and_ignore(folder: Any, run: Run, arguments: list[str], codes: list[str]) -> None:
    folder.write({"app.py": TWO})
    result = run("check", "--format", "json", *arguments)
    assert [code for _, _, code in found(result)] == codes
    assert result.exit_code == bool(codes)


def test_statistics(folder: Any, run: Run) -> None:
    folder.write({"app.py": TWO, "b.py": BAD})
    result = run("check", "--statistics")
    rows = [line.split() for line in result.stdout.splitlines()]
    assert rows[1:3] == [["2", "AS201", RULES["AS201"].NAME], ["1", "AS101", RULES["AS101"].NAME]]
    assert rows[3][0] == "3"
    assert result.exit_code == 1


@pytest.mark.parametrize("word", ["AS201", "as201", RULES["AS201"].NAME])
def test_explain(run: Run, word: str) -> None:
    result = run("check", "--explain", word)
    assert result.exit_code == 0
    assert result.stdout.startswith(f"### AS201 {RULES['AS201'].NAME}\n")
    assert RULES["AS201"].EXAMPLES[0].bad in result.stdout


def test_what_is_kept_is_told_in_the_words_of_the_plan(folder: Any, run: Run) -> None:
    why = "Celery tasks run without an event loop"
    folder.write(
        {
            "pyproject.toml": f'[tool.asyncshift.keep-sync]\n"worker.py" = "{why}"\n',
            "db.py": "from sqlalchemy.orm import sessionmaker\n\nLocal = sessionmaker()\n",
            "api.py": "from db import Local\n\n\ndef save():\n    with Local() as session:\n        session.commit()\n",
            "worker.py": "import time\n\nfrom db import Local\n\n\nasync def work():\n    time.sleep(1)\n    Local()\n",
        }
    )
    assert why in run("plan").stdout
    result = run("check")
    assert result.exit_code == 0
    assert result.stdout.endswith(f"worker.py:7: keep AS501 {why}\n\nNothing found; 1 kept.\n")


def test_the_second_time_the_answer_is_remembered(folder: Any, run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    def never(*arguments: object) -> None:
        raise AssertionError("worked out again")

    folder.write({"app.py": BAD})
    first = run("check", "--format", "json").stdout
    monkeypatch.setattr("asyncshift.cli.gate.outcome_of", never)
    assert run("check", "--format", "json").stdout == first
    folder.write({"app.py": GOOD})
    assert run("check", "--format", "json").exit_code == 2


def test_a_clean_project_of_20_000_lines_takes_less_than_a_second_the_second_time(folder: Any) -> None:
    module = BAD.replace("    session.commit", "    await session.commit") + "\n\n".join(
        f"async def load_{n}(session: AsyncSession):\n    return await session.get(object, {n})\n" for n in range(50)
    )
    folder.write({f"app/module_{n}.py": module for n in range(100)})
    assert 100 * module.count("\n") > 20_000

    def seconds() -> float:
        # Of the processor, so that a busy machine does not count.
        before = resource.getrusage(resource.RUSAGE_CHILDREN)
        subprocess.run([SCRIPT, "check"], cwd=folder.root, check=True, stdout=subprocess.DEVNULL)
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
        return after.ru_utime - before.ru_utime + after.ru_stime - before.ru_stime

    seconds()
    assert min(seconds() for _ in range(3)) < 1


def test_it_imports_no_rewriting(folder: Any) -> None:
    folder.write({"app.py": BAD})
    heavy = {"libcst", "sqlalchemy", "tomlkit", "asyncshift.codemods", "asyncshift.cli.fixing"}
    code = (
        "import sys; from asyncshift.cli.main import main; main(['check'], standalone_mode=False);"
        f"print({heavy} & set(sys.modules))"
    )
    done = subprocess.run([sys.executable, "-Pc", code], cwd=folder.root, check=True, capture_output=True, text=True)
    assert done.stdout.splitlines()[-1] == "set()"
