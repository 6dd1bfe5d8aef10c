"""`asyncshift check`: what it prints and how it ends."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable
from typing import Any

from click.testing import Result

Run = Callable[..., Result]
BAD = """\
from sqlalchemy.ext.asyncio import AsyncSession


async def save(session: AsyncSession) -> None:
    session.commit()
"""
GOOD = BAD.replace("    session.commit", "    await session.commit")


def test_nothing_found(folder: Any, run: Run) -> None:
    folder.write({"app.py": GOOD})
    result = run("check")
    assert result.exit_code == 0


def test_findings_end_with_1(folder: Any, run: Run) -> None:
    folder.write({"src/app.py": BAD})
    result = run("check", "--format", "json")
    assert result.exit_code == 1
    (finding,) = json.loads(result.stdout)["findings"]
    assert (finding["path"], finding["line"], finding["code"], finding["function"]) == (
        "src/app.py",
        5,
        "AS201",
        "save",
    )


def test_it_imports_no_rewriting(folder: Any) -> None:
    folder.write({"app.py": GOOD})
    heavy = {"libcst", "sqlalchemy", "tomlkit", "asyncshift.codemods"}
    code = (
        "import sys; from asyncshift.cli.main import main; main(['check'], standalone_mode=False);"
        f"print({heavy} & set(sys.modules))"
    )
    done = subprocess.run([sys.executable, "-Pc", code], cwd=folder.root, check=True, capture_output=True, text=True)
    assert done.stdout.splitlines()[-1] == "set()"
