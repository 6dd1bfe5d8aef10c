"""Runs the cases of a codemod that are small projects: texts are compared, both are executed, results and SQL compared.

A case file is Markdown. Each `##` heading is a case, its text says why it is one. The first Python block holds the
files before, the second those that change. A line `# file: NAME` begins a file; without one the block is `app.py`. With
one block everything stays as it is. A line `Declined: …` gives the beginning of the concern, `Settings: driver=…` a
setting, `SQL differs: …` the reason why the statements are not compared.

What is executed is `run()` of `app.py`, in a process of its own: first as it is, then after the whole migration.
"""

from __future__ import annotations

import asyncio
import json
import multiprocessing
import os
import re
import sys
import types
import warnings
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import aiosqlite
import pytest
import sqlalchemy.ext.asyncio
import sqlmodel.ext.asyncio.session
from sqlalchemy import Engine, event

from asyncshift.analysis.decisions import Decision, Plan, Status
from asyncshift.analysis.program import Program
from asyncshift.analysis.settings import Settings
from asyncshift.codemods.engine import CODEMODS, make_plan, rewrite

# What the projects import: known to the processes before they are forked.
IMPORTED = (aiosqlite, sqlalchemy.ext.asyncio, sqlmodel.ext.asyncio.session)
HERE = Path(__file__).parent
MISSING = "<missing>"


@dataclass(slots=True)
class Case:
    """One heading of a case file."""

    name: str
    before: dict[str, str]
    after: dict[str, str]
    declined: str = ""
    sql_differs: str = ""
    settings: Settings = field(default_factory=Settings)

    @property
    def executes(self) -> bool:
        return re.search(r"^def run\(", self.before.get("app.py", ""), re.M) is not None


def cases(folder: str) -> Sequence[Any]:
    """All cases of a codemod, as pytest parameters."""
    return [pytest.param(case, id=case.name) for case in _cases(folder)]


def executable(folder: str) -> Sequence[Any]:
    """Those of them that are executed."""
    return [pytest.param(case, id=case.name) for case in _cases(folder) if case.executes]


def _cases(folder: str) -> Iterator[Case]:
    for path in sorted((HERE / folder).glob("*.md")):
        for section in re.split(r"^## ", path.read_text("utf-8"), flags=re.M)[1:]:
            title, _, body = section.partition("\n")
            blocks = re.findall(r"^```python\n(.*?)^```$", body, re.M | re.S)
            assert 1 <= len(blocks) <= 2, f"{path.name}: {title}: one or two Python blocks are expected"
            prose = re.sub(r"^```python\n.*?^```$", "", body, flags=re.M | re.S)
            yield Case(
                f"{path.stem}: {title.strip()}",
                _files(blocks[0]),
                _files(blocks[1]) if len(blocks) > 1 else {},
                _note(prose, "Declined"),
                _note(prose, "SQL differs"),
                Settings(**dict(item.split("=") for item in _note(prose, "Settings").split())),  # type: ignore[arg-type]
            )


def _files(block: str) -> dict[str, str]:
    parts = re.split(r"^# file: (\S+)\n", block, flags=re.M)
    if len(parts) == 1:
        return {"app.py": block}
    return dict(zip(parts[1::2], (text.rstrip("\n") + "\n" for text in parts[2::2]), strict=True))


def _note(prose: str, word: str) -> str:
    found = re.search(rf"^{word}: (.*)$", prose, re.M)
    return found[1].strip() if found else ""


# Texts


def program_of(root: Path, files: Mapping[str, str | bytes], settings: Settings | None = None) -> Program:
    """A project on the disk, understood."""
    for path, text in files.items():
        target = root / path
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(text.encode() if isinstance(text, str) else text)
    return Program.build(root, [path for path in files if path.endswith(".py")], settings or Settings())


def convert(
    root: Path, files: Mapping[str, str | bytes], codemod: str, settings: Settings | None = None
) -> tuple[dict[str, str], list[Decision]]:
    """The files that one codemod changes, and its decisions."""
    program = program_of(root, files, settings)
    decisions = list(CODEMODS[codemod].decide(program))
    return {path: text.decode() for path, text in rewrite(program, Plan(decisions)).items()}, decisions


def check_text(case: Case, codemod: str, root: Path) -> None:
    """The files that change become what the case says; those that result stay as they are."""
    changed, decisions = convert(root / "first", case.before, codemod, case.settings)
    assert changed == case.after, "\n".join(f"# file: {path}\n{text}" for path, text in changed.items())
    concerns = [d.concern for d in decisions if d.status is not Status.DONE]
    if case.declined:
        assert any(concern.startswith(case.declined) for concern in concerns), concerns
    else:
        assert not [d.concern for d in decisions if d.status is Status.DECLINED]
    again, _ = convert(root / "second", {**case.before, **changed}, codemod, case.settings)
    assert again == {}, "a second time changes something"


# Execution


def check_meaning(case: Case, root: Path) -> None:
    """The migrated project gives the same result, and sends the same statements."""
    program = program_of(root / "before", case.before, case.settings)
    before = _outcome(root / "before")
    changed = {path: text.decode() for path, text in rewrite(program, make_plan(program)).items()}
    program_of(root / "after", {**case.before, **changed})
    after = _outcome(root / "after")
    assert after["result"] == before["result"], changed.get("app.py", "")
    if not case.sql_differs:
        assert after["sql"] == before["sql"]


def _outcome(root: Path) -> dict[str, Any]:
    process = multiprocessing.get_context("fork").Process(target=_run, args=(root,))
    process.start()
    process.join(60)
    output = (root / "output.txt").read_text("utf-8")
    assert process.exitcode == 0, output
    found: dict[str, Any] = json.loads((root / "outcome.json").read_text("utf-8"))
    return found


def _run(root: Path) -> None:
    output = (root / "output.txt").open("w", buffering=1)
    for descriptor in (1, 2):
        os.dup2(output.fileno(), descriptor)
    sys.stdout = sys.stderr = output
    os.chdir(root)
    sys.path.insert(0, str(root))
    for name in {path.relative_to(root).parts[0].removesuffix(".py") for path in root.rglob("*.py")}:
        # Another test of this process may have made a module of the name.
        sys.modules.pop(name, None)
    warnings.simplefilter("error", RuntimeWarning)
    sql: list[str] = []

    def record(connection: Any, cursor: Any, statement: str, parameters: Any, *_: Any) -> None:
        sql.append(f"{' '.join(statement.split())} {parameters}")

    event.listen(Engine, "before_cursor_execute", record)
    result = __import__("app").run()
    if isinstance(result, types.CoroutineType):
        result = asyncio.run(result)
    (root / "outcome.json").write_text(json.dumps({"result": result, "sql": sql}, default=repr), "utf-8")
    os._exit(0)
