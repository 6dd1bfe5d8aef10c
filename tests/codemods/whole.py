"""Runs the whole migration on small modules: texts compared, both executed on SQLite, results and SQL compared.

A case file is Markdown. Each `##` heading is a case, its text says why it is one. The first Python block is the code
before, the second the code after; with one block the code stays as it is. A line `# file: NAME` begins a file; without
one the block is `app.py`. A line `Declined: …` gives the beginning of a concern, `Kept: …` a pattern of files that stay
sync, `SQL differs: …` the reason why the statements are not compared; with `Since: 2.1` nothing runs on an older
SQLAlchemy.

A folder with a `models.py` of its own has these models instead of the shared ones. They are migrated too, and a `diff`
block shows the lines of them that change. Its sessions expire on commit before, as they do by default, and the number
of statements is compared rather than the statements: after, at most as many are sent, unless `SQL differs: …`.

What runs is not `run(db)` but a request of a FastAPI `app` where a line `Request: GET /path` says so; `get_db` is its
dependency.

An `app.py` without imports of its own is put behind `PRELUDE`. What runs is `run(db)` of `app.py`: before, `db` is a
Session, after, an AsyncSession. A case without `run` is compared as text only. A second migration changes nothing.
"""

from __future__ import annotations

import asyncio
import importlib
import re
import sys
import warnings
from collections.abc import Awaitable, Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from difflib import ndiff
from pathlib import Path
from typing import Any

import httpx
import pytest
from fastapi.testclient import TestClient
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import Session

from asyncshift.analysis.decisions import Plan, Status
from asyncshift.analysis.program import Program
from asyncshift.analysis.settings import Settings
from asyncshift.analysis.source import Source
from asyncshift.codemods.beside import prepared
from asyncshift.codemods.engine import make_plan, rewrite

from .harness import HERE, MODELS, Outcome, async_outcome, is_installed, load_models, note, outcome, without_imports

# The folder of cases that stand in no file: in no repository, and without settings.
NOWHERE = Path("/models")
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
    request: str = ""
    models: str = MODELS
    changed_models: tuple[str, ...] = ()

    @property
    def has_own_models(self) -> bool:
        return self.models is not MODELS

    @property
    def executes(self) -> bool:
        has_run = bool(self.request) or re.search(r"^def run\(db", self.before.get("app.py", ""), re.M) is not None
        return has_run and is_installed(self.since)

    @property
    def has_imports(self) -> bool:
        return re.search(r"^(from|import) ", self.before.get("app.py", "import x"), re.M) is not None

    @property
    def project(self) -> dict[str, str]:
        """The files as they are migrated, without the models."""
        files = self.before if self.has_imports else {**self.before, "app.py": PRELUDE + self.before["app.py"]}
        return {"models.py": self.models, **files} if self.has_own_models else files

    @property
    def settings(self) -> Settings:
        return Settings(keep_sync={self.kept: "told so"}) if self.kept else Settings()


def cases(*folders: str) -> Sequence[Any]:
    """All cases of some folders, as pytest parameters."""
    return [pytest.param(case, id=case.name) for folder in folders for case in read_cases(folder)]


def read_cases(folder: str) -> Iterator[Case]:
    """All cases of a folder, file by file."""
    own = HERE / folder / "models.py"
    models = own.read_text("utf-8") if own.exists() else MODELS
    for path in sorted((HERE / folder).glob("*.md")):
        for section in re.split(r"^## ", path.read_text("utf-8"), flags=re.M)[1:]:
            title, _, body = section.partition("\n")
            blocks = re.findall(r"^```python\n(.*?)^```$", body, re.M | re.S)
            assert 1 <= len(blocks) <= 2, f"{path.name}: {title}: one or two Python blocks are expected"
            prose = re.sub(r"^```python\n.*?^```$", "", body, flags=re.M | re.S)
            notes = [note(prose, word) for word in ("Declined", "Kept", "SQL differs", "Since", "Request")]
            name = f"{path.stem}: {title.strip()}"
            yield Case(name, _files(blocks[0]), _files(blocks[-1]), *notes, models, _changes(prose))


def _changes(prose: str) -> tuple[str, ...]:
    found = re.search(r"^```diff\n(.*?)^```$", prose, re.M | re.S)
    return tuple(found[1].splitlines()) if found else ()


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
    program = prepared(Program(NOWHERE, sources, settings or Settings()))
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
    shown = {path: text for path, text in after.items() if path != "models.py" or not case.has_own_models}
    if not case.has_imports:
        shown["app.py"] = without_imports(shown["app.py"])
    assert shown == {**case.before, **case.after}
    if case.has_own_models:
        assert _changed_lines(case.models, after["models.py"]) == case.changed_models
    concerns = [d.concern for d in plan if d.status is Status.DECLINED]
    if case.declined:
        assert any(concern.startswith(case.declined) for concern in concerns), concerns
    else:
        assert not concerns
    assert migrate(after, case.settings)[0] == {}, "a second time changes something"
    if case.executes and after != case.project:
        _compare(case, execute(root / "before", case), execute(root / "after", case, after))


def _changed_lines(before: str, after: str) -> tuple[str, ...]:
    lines = ndiff(before.splitlines(), after.splitlines())
    return tuple(line for line in lines if line.startswith(("-", "+")))


def _compare(case: Case, before: Outcome, after: Outcome) -> None:
    assert after.result == before.result
    if case.has_own_models or case.request:
        assert not before.raised, before.result
    if not case.sql_differs:
        assert len(after.sql) <= len(before.sql) if case.has_own_models else after.sql == before.sql


# Execution


def execute(root: Path, case: Case, migrated: Mapping[str, str] | None = None) -> Outcome:
    """What `run(db)` of a project's `app.py`, or its request, gives: before, or with what it was migrated to."""
    for path, text in (migrated or case.project).items():
        (root / path).parent.mkdir(parents=True, exist_ok=True)
        (root / path).write_text(text, "utf-8", newline="")
    with importing(root, case.has_own_models), warnings.catch_warnings(record=True) as seen:
        warnings.simplefilter("always", RuntimeWarning)
        module = importlib.import_module("app")
        if case.request:
            module.run = (_requested_async if migrated else _requested)(module, case.request.removeprefix("GET "))
        found = asyncio.run(async_outcome(module)) if migrated else outcome(module, case.has_own_models)
    assert not [w.message for w in seen if w.category is RuntimeWarning]
    return found


def _requested(module: Any, path: str) -> Callable[[Any], object]:
    def run(db: Session) -> object:
        module.app.dependency_overrides[module.get_db] = lambda: db
        return TestClient(module.app).get(path).raise_for_status().json()

    return run


def _requested_async(module: Any, path: str) -> Callable[[Any], Awaitable[object]]:
    async def run(db: AsyncSession) -> object:
        module.app.dependency_overrides[module.get_db] = lambda: db
        async with httpx.AsyncClient(transport=httpx.ASGITransport(module.app), base_url="http://test") as client:
            return (await client.get(path)).raise_for_status().json()

    return run


@contextmanager
def importing(root: Path, has_models: bool) -> Iterator[None]:
    """Modules are imported from a folder, and forgotten; the shared models are there unless it has its own."""
    load_models()
    shared = sys.modules["models"]
    if has_models:
        del sys.modules["models"]
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
        sys.modules["models"] = shared
