"""FastAPI applications that are asked before and after: what they serve needs implicit I/O."""

from __future__ import annotations

import importlib
import json
import re
import shutil
import warnings
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from fastapi.testclient import TestClient

from asyncshift.analysis.program import Program
from asyncshift.analysis.settings import Settings
from asyncshift.analysis.source import Source
from asyncshift.codemods.engine import make_plan, rewrite

from ..codemods.whole import importing

PAGE = Path(__file__).with_name("applications.md")
DATABASE = "app.db"


def _applications() -> Iterator[Any]:
    """The name and the code of each application."""
    sections = re.split(r"^## ", PAGE.read_text("utf-8"), flags=re.M)[1:]
    blocks = {s.partition("\n")[0]: re.findall(r"^```python\n(.*?)^```$", s, re.M | re.S)[0] for s in sections}
    prelude, library = blocks.pop("prelude"), blocks.pop("library")
    for section in sections[2:]:
        name, _, text = section.partition("\n")
        before = "" if "\nAlone.\n" in text else prelude + (library if "\nWith the library.\n" in text else "")
        yield pytest.param(before + blocks[name], id=name)


@pytest.mark.parametrize("code", list(_applications()))
def test_the_same_is_answered(code: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each request has a session of its own; what is not loaded explicitly can't be answered."""
    program = Program(tmp_path, {"app.py": Source.parse("app.py", code.encode())}, Settings())
    plan = make_plan(program)
    after = rewrite(program, plan)["app.py"].decode()
    before = _answers(tmp_path / "before", code, monkeypatch)
    assert {status for status, _ in before} & {200}
    (tmp_path / "after").mkdir()
    shutil.copy(tmp_path / "before/seeded.db", tmp_path / "after" / DATABASE)
    assert _answers(tmp_path / "after", after, monkeypatch) == before


def _answers(root: Path, code: str, monkeypatch: pytest.MonkeyPatch) -> list[tuple[int, Any]]:
    """What the application in a folder answers; a coroutine that nobody awaits is an error."""
    root.mkdir(exist_ok=True)
    (root / "app.py").write_text(code, "utf-8")
    monkeypatch.chdir(root)
    with importing(root, False), warnings.catch_warnings(record=True) as seen:
        warnings.simplefilter("always", RuntimeWarning)
        module = importlib.import_module("app")
        if not (root / DATABASE).exists():
            _fill(module)
        with TestClient(module.app) as client:
            found = [_answer(client, *request) for request in module.REQUESTS]
    assert not [w.message for w in seen if w.category is RuntimeWarning]
    return found


def _fill(module: Any) -> None:
    module.Base.metadata.create_all(module.engine)
    with module.SessionLocal() as session:
        module.seed(session)
        session.commit()
    module.engine.dispose()
    shutil.copy(DATABASE, "seeded.db")


def _answer(client: TestClient, method: str, path: str, *body: Any) -> tuple[int, Any]:
    response = client.request(method, path, json=body[0] if body else None)
    is_json = response.headers.get("content-type", "").startswith("application/json")
    return response.status_code, json.loads(response.text) if is_json else response.text
