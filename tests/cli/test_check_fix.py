"""`asyncshift check --fix`: the fixes are made, and the mended code runs."""

from __future__ import annotations

import ast
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from click.testing import Result

from asyncshift.analysis.source import Source
from asyncshift.checks.engine import RULES
from asyncshift.checks.finding import Finding, finding
from asyncshift.checks.fix import Edit, Fix, awaited
from asyncshift.checks.outcome import Outcome
from asyncshift.cli.fixing import mend
from asyncshift.cli.project import open_project

Run = Callable[..., Result]
HEAD = """\
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession


async def count(session: AsyncSession):
"""


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("session.commit()", "await session.commit()"),
        ("x = session.scalar(1)", "x = await session.scalar(1)"),
        ("x = session.scalars(1).all()", "x = (await session.scalars(1)).all()"),
        ("x = session.scalars(1)[0]", "x = (await session.scalars(1))[0]"),
        ("x = 2 ** session.scalar(1)", "x = 2 ** (await session.scalar(1))"),
        ("x = -session.scalar(1)", "x = -await session.scalar(1)"),
        ("x = [session.get(x, 1) for x in (1, 2)]", "x = [await session.get(x, 1) for x in (1, 2)]"),
        ("if not session.scalar(1): pass", "if not await session.scalar(1): pass"),
        ("x = session.scalar(1) or 2", "x = await session.scalar(1) or 2"),
    ],
)
def test_await_is_written_where_it_binds(before: str, after: str) -> None:
    assert _mended(f"async def f(session):\n    {before}\n") == f"async def f(session):\n    {after}\n"


@pytest.mark.parametrize(
    "text",
    [
        "def f(session):\n    session.commit()\n",
        "session.commit()\n",
        "async def f(session):\n    return lambda: session.commit()\n",
        "async def f(session):\n    class A:\n        x = session.commit()\n",
        "async def f(session):\n    def g():\n        session.commit()\n",
        "async def f(x=session.commit()):\n    pass\n",
    ],
)
def test_no_await_outside_of_async_code(text: str) -> None:
    assert _mended(text) is None


def test_await_in_an_f_string_needs_an_interpreter_that_knows_its_place() -> None:
    text = "async def f(session):\n    return f'{session.scalar(1)}'\n"
    after = text.replace("{", "{await ") if sys.version_info >= (3, 12) else None
    assert _mended(text) == after


def _mended(text: str) -> str | None:
    """The text with `await` in front of the first call on a session."""
    source = Source.parse("a.py", text.encode())
    calls = [n for n in source.nodes if isinstance(n, ast.Call) and isinstance(n.func, ast.Attribute)]
    call = next(n for n in calls if isinstance(n.func.value, ast.Name))
    fix = awaited(source, call)
    if fix is None:
        return None
    content = source.content
    for edit in reversed(fix.edits):
        content = content[: edit.start] + edit.text.encode() + content[edit.end :]
    Source.parse("a.py", content).compile()
    return content.decode()


def test_what_is_mended_is_written_and_the_rest_told(folder: Any, run: Run) -> None:
    before = HEAD + "    session.commit()\n    return session.query(1)\n"
    folder.write({"app.py": before})
    result = run("check", "--fix", "--format", "concise")
    assert result.exit_code == 1
    assert "AS101" in result.stdout
    assert "AS201" not in result.stdout
    assert "1 finding mended in 1 file" in result.stderr
    assert (folder.root / "app.py").read_text("utf-8") == before.replace("    session.c", "    await session.c")
    assert run("undo").exit_code == 0
    assert (folder.root / "app.py").read_text("utf-8") == before


def test_what_is_accepted_or_not_chosen_is_not_mended(folder: Any, run: Run) -> None:
    files = {
        "app.py": HEAD + "    session.commit()  # asyncshift: ignore[AS201] shows the mistake\n",
        "b.py": HEAD + "    session.commit()\n",
    }
    folder.write(files)
    assert run("check", "--fix", "--select", "AS1", "b.py").exit_code == 0
    assert run("check", "--fix", "app.py").exit_code == 0
    assert {path: (folder.root / path).read_text("utf-8") for path in files} == files


def test_an_unsafe_fix_is_made_when_asked(folder: Any) -> None:
    folder.write({"app.py": "import time\n\n\nasync def f():\n    time.sleep(1)\n"})
    source = Source.read(folder.root, "app.py")
    call = source.tree.body[1].body[0].value  # type: ignore[attr-defined]
    start, end = source.span(call.func)
    fix = Fix((Edit(start, end, "await asyncio.sleep"),), (("asyncio", ""),), is_safe=False)
    outcome = Outcome((finding(source, call, "AS501", "blocks", fix=fix),))
    project = open_project(["."])
    mend(project, outcome, unsafe=False)
    assert (folder.root / "app.py").read_bytes() == source.content
    mend(project, outcome, unsafe=True)
    text = (folder.root / "app.py").read_text("utf-8")
    assert "import asyncio\n" in text
    assert text.endswith("    await asyncio.sleep(1)\n")


def test_fixes_that_contradict_or_break_the_file_are_left_out(folder: Any, run: Run) -> None:
    folder.write({"app.py": "x = 1\ny = 2\n"})
    edits = [Edit(4, 5, "3"), Edit(4, 5, "4"), Edit(10, 11, "("), Edit(10, 11, "5")]
    findings = [Finding("app.py", 1, 0, 1, 5, "AS201", str(n), fix=Fix((e,))) for n, e in enumerate(edits)]
    mend(open_project(["."]), Outcome(tuple(findings)), unsafe=False)
    assert (folder.root / "app.py").read_text("utf-8") == "x = 3\ny = 5\n"


def test_every_fix_of_an_example_mends_it(folder: Any, run: Run) -> None:
    """The bad examples of rules with fixes: afterwards there is nothing left that could be mended, and it compiles."""
    for code, rule in RULES.items():
        for number, example in enumerate(rule.EXAMPLES):
            home = f"{code.lower()}_{number}"
            folder.write({f"{home}/{example.path}": example.bad, f"{home}/pyproject.toml": ""})
            run("check", "--unsafe-fixes", "--select", code, home)
            after = run("check", "--format", "concise", "--select", code, home).stdout
            assert "-fixes mends" not in after, home
            assert "--fix mends" not in after, home
            if code != "AS901":
                Source.read(folder.root, str(Path(home, example.path))).compile()
