"""Runs the whole migration on small modules: texts compared, both executed on SQLite, results and SQL compared.

A case file is Markdown. Each `##` heading is a case, its text says why it is one. The first Python block is the code
before, the second the code after; with one block the code stays as it is. A line `# file: NAME` begins a file; without
one the block is `app.py`. A line `Declined: …` gives the beginning of a concern, `Kept: …` a pattern of files that stay
sync, `SQL differs: …` the reason why the statements are not compared; with `Since: 2.1` nothing runs on an older
SQLAlchemy.

An `app.py` without imports of its own is put behind `PRELUDE`. What runs is `run(db)` of `app.py`: before, `db` is a
Session, after, an AsyncSession. A case without `run` is compared as text only. A second migration changes nothing.
"""

from __future__ import annotations

import asyncio
import importlib
import re
import sys
import warnings
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from asyncshift.analysis.decisions import Plan, Status
from asyncshift.analysis.program import Program
from asyncshift.analysis.settings import Settings
from asyncshift.analysis.source import Source
from asyncshift.codemods.engine import make_plan, rewrite

from .harness import HERE, MODELS, Outcome, async_outcome, is_installed, load_models, note, outcome, without_imports

PRELUDE = """\
from sqlalchemy import select
from sqlalchemy.orm import Session

from models import Post, User


"""


@dataclass(slots=True)
class Case:
    """One heading of a case file; files by their paths."""

    name: str
    before: dict[str, str]
    after: dict[str, str]
    declined: str = ""
    kept: str = ""
    sql_differs: str = ""
    since: str = ""

    @property
    def executes(self) -> bool:
        return re.search(r"^def run\(db", self.before.get("app.py", ""), re.M) is not None and is_installed(self.since)

    @property
    def has_imports(self) -> bool:
        return re.search(r"^(from|import) ", self.before.get("app.py", "import x"), re.M) is not None

    @property
    def project(self) -> dict[str, str]:
        """The files as they are migrated, without the models."""
        return self.before if self.has_imports else {**self.before, "app.py": PRELUDE + self.before["app.py"]}

    @property
    def settings(self) -> Settings:
        return Settings(keep_sync={self.kept: "told so"}) if self.kept else Settings()


def cases(*folders: str) -> Sequence[Any]:
    """All cases of some folders, as pytest parameters."""
    return [pytest.param(case, id=case.name) for folder in folders for case in read_cases(folder)]


def read_cases(folder: str) -> Iterator[Case]:
    """All cases of a folder, file by file."""
    for path in sorted((HERE / folder).glob("*.md")):
        for section in re.split(r"^## ", path.read_text("utf-8"), flags=re.M)[1:]:
            title, _, body = section.partition("\n")
            blocks = re.findall(r"^```python\n(.*?)^```$", body, re.M | re.S)
            assert 1 <= len(blocks) <= 2, f"{path.name}: {title}: one or two Python blocks are expected"
            prose = re.sub(r"^```python\n.*?^```$", "", body, flags=re.M | re.S)
            notes = [note(prose, word) for word in ("Declined", "Kept", "SQL differs", "Since")]
            yield Case(f"{path.stem}: {title.strip()}", _files(blocks[0]), _files(blocks[-1]), *notes)


def _files(block: str) -> dict[str, str]:
    parts = re.split(r"^# file: (\S+)\n", block, flags=re.M)
    if len(parts) == 1:
        return {"app.py": block}
    return dict(zip(parts[1::2], (text.strip("\n") + "\n" for text in parts[2::2]), strict=True))


# Migration


def migrate(files: Mapping[str, str | bytes], settings: Settings | None = None) -> tuple[dict[str, bytes], Plan]:
    """The files that the whole migration changes, and its plan; the models are part of the project."""
    contents = {p: t.encode() if isinstance(t, str) else t for p, t in {"models.py": MODELS, **files}.items()}
    sources = {path: Source.parse(path, content) for path, content in contents.items()}
    program = Program(HERE / "models", sources, settings or Settings())
    # A case has no file of requirements, which would be complained about.
    plan = make_plan(program).without(["requirements"])
    return {p: c for p, c in rewrite(program, plan).items() if p.endswith(".py")}, plan


def migrated(case: Case) -> tuple[dict[str, str], Plan]:
    """A case's project after the migration."""
    changed, plan = migrate(case.project, case.settings)
    return {**case.project, **{path: content.decode() for path, content in changed.items()}}, plan


def check(case: Case, root: Path) -> None:
    """The migration gives the text that the case shows; that text stays as it is, and does what the first one did."""
    after, plan = migrated(case)
    if case.has_imports:
        assert after == {**case.before, **case.after}
    else:
        assert {**after, "app.py": without_imports(after["app.py"])} == {**case.before, **case.after}
    concerns = [d.concern for d in plan if d.status is Status.DECLINED]
    if case.declined:
        assert any(concern.startswith(case.declined) for concern in concerns), concerns
    else:
        assert not concerns
    assert migrate(after, case.settings)[0] == {}, "a second time changes something"
    if case.executes and after != case.project:
        before = execute(root / "before", case.project)
        found = execute(root / "after", after, asynchronous=True)
        assert found.result == before.result
        if not case.sql_differs:
            assert found.sql == before.sql


# Execution


def execute(root: Path, files: Mapping[str, str], asynchronous: bool = False) -> Outcome:
    """What `run(db)` of a project's `app.py` gives."""
    for path, text in files.items():
        (root / path).parent.mkdir(parents=True, exist_ok=True)
        (root / path).write_text(text, "utf-8", newline="")
    with _importing(root), warnings.catch_warnings(record=True) as seen:
        warnings.simplefilter("always", RuntimeWarning)
        module = importlib.import_module("app")
        found = asyncio.run(async_outcome(module)) if asynchronous else outcome(module)
    assert not [w.message for w in seen if w.category is RuntimeWarning]
    return found


@contextmanager
def _importing(root: Path) -> Iterator[None]:
    """Modules are imported from a folder, and forgotten."""
    load_models()
    before = set(sys.modules)
    sys.path.insert(0, str(root))
    importlib.invalidate_caches()
    try:
        yield
    finally:
        sys.path.remove(str(root))
        for name in set(sys.modules) - before:
            if str(getattr(sys.modules[name], "__file__", None) or "").startswith(str(root)):
                del sys.modules[name]
