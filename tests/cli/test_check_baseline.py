"""`asyncshift check --baseline`: what is listed does not count, and the list only shrinks."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest
from click.testing import Result

Run = Callable[..., Result]
HEAD = "from sqlalchemy.ext.asyncio import AsyncSession\n\n\nasync def save(session: AsyncSession) -> None:\n"
COMMIT, FLUSH = "    session.commit()\n", "    session.flush()\n"
FILE = "known.json"


def entries(folder: Any) -> list[tuple[str, int]]:
    """What the baseline lists: code and number."""
    listed = json.loads((folder.root / FILE).read_text("utf-8"))["findings"]
    return [(entry["source"], entry["count"]) for entry in listed]


def found(run: Run, *arguments: str) -> list[tuple[str, str]]:
    """Code and source of what counts."""
    result = run("check", "--format", "json", "--baseline", FILE, *arguments)
    return [(f["code"], f["source"]) for f in json.loads(result.stdout)["findings"]]


@pytest.fixture
def listed(folder: Any, run: Run) -> Any:
    """A project whose only mistake is in the baseline."""
    folder.write({"app.py": HEAD + COMMIT})
    assert run("check", "--baseline", FILE, "--write-baseline").exit_code == 0
    assert entries(folder) == [("session.commit()", 1)]
    return folder


def test_what_is_listed_does_not_count(listed: Any, run: Run) -> None:
    result = run("check", "--baseline", FILE)
    assert (result.exit_code, result.stdout) == (0, "Nothing found; 1 in the baseline.\n")


@pytest.mark.parametrize(
    "text",
    [
        "# moved\n\n" + HEAD + COMMIT,
        HEAD + "    pass\n    session.commit(\n    )  # why\n",
        HEAD.replace("\n", "\r\n") + COMMIT,
    ],
    ids=["moved", "layout", "line ends"],
)
def test_it_is_known_wherever_it_stands(listed: Any, run: Run, text: str) -> None:
    listed.write({"app.py": text})
    assert found(run) == []


@pytest.mark.parametrize(
    ("text", "new"),
    [
        (HEAD + COMMIT + FLUSH, "session.flush()"),
        (HEAD + COMMIT + COMMIT, "session.commit()"),
        (HEAD + COMMIT + HEAD.replace("save", "other") + COMMIT, "session.commit()"),
    ],
    ids=["other code", "once more", "other function"],
)
def test_what_is_new_counts(listed: Any, run: Run, text: str, new: str) -> None:
    listed.write({"app.py": text})
    assert found(run) == [("AS201", new)]


def test_what_is_new_is_not_added(listed: Any, run: Run) -> None:
    listed.write({"app.py": HEAD + COMMIT + FLUSH})
    assert found(run, "--write-baseline") == [("AS201", "session.flush()")]
    assert entries(listed) == [("session.commit()", 1)]


def test_what_has_been_mended_is_a_finding_until_it_is_taken_out(listed: Any, run: Run) -> None:
    listed.write({"app.py": HEAD + "    await session.commit()\n"})
    result = run("check", "--format", "concise", "--baseline", FILE)
    assert result.exit_code == 1
    assert result.stdout.startswith("known.json:2:1: AS905 AS201 is gone from app.py")
    assert run("check", "--baseline", FILE, "--write-baseline").exit_code == 0
    assert entries(listed) == []


def test_one_of_two_has_been_mended(folder: Any, run: Run) -> None:
    folder.write({"app.py": HEAD + COMMIT + COMMIT})
    run("check", "--baseline", FILE, "--write-baseline")
    assert entries(folder) == [("session.commit()", 2)]
    folder.write({"app.py": HEAD + COMMIT})
    assert [code for code, _ in found(run)] == ["AS905"]
    assert found(run, "--write-baseline") == []
    assert entries(folder) == [("session.commit()", 1)]


def test_what_was_not_looked_at_stays(listed: Any, run: Run) -> None:
    listed.write({"app.py": HEAD + "    await session.commit()\n", "b.py": HEAD + "    pass\n"})
    assert found(run, "--select", "AS1,AS9", "--write-baseline") == []
    assert found(run, "b.py", "--write-baseline") == []
    assert entries(listed) == [("session.commit()", 1)]


def test_a_file_that_is_gone(listed: Any, run: Run) -> None:
    (listed.root / "app.py").rename(listed.root / "b.py")
    assert [code for code, _ in found(run)] == ["AS201", "AS905"]


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("{", "known.json:1: broken JSON"),
        ("[]", "known.json: this is no list of findings of version 1"),
        ('{"version": 2, "findings": []}', "no list of findings of version 1"),
        ('{"version": 1, "findings": [{}]}', "no list of findings of version 1"),
    ],
)
def test_a_broken_baseline(listed: Any, run: Run, text: str, says: str) -> None:
    listed.write({FILE: text})
    for more in ([], ["--write-baseline"]):
        result = run("check", "--baseline", FILE, *more)
        assert result.exit_code == 2
        assert says in result.stderr
