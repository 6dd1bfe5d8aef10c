"""What the commands print as JSON is what the schemas say."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from copy import deepcopy
from textwrap import dedent
from typing import Any

import jsonschema
import pytest
from click.testing import Result

from asyncshift.checks.evidence.parity import Lost, Parity
from asyncshift.reports.schemas import SCHEMAS
from asyncshift.reports.suite import suite

from .conftest import Folder

Run = Callable[..., Result]
COMMANDS = {
    "assess": ("assess", "--format", "json"),
    "plan": ("plan", "--format", "json"),
    "check": ("check", "--format", "json"),
    "report": ("report", "--format", "json"),
    "status": ("report", "--kind", "status", "--format", "json"),
}
# Something of every kind: done, kept, declined, found, accepted.
PROJECT = {
    "pyproject.toml": '[project]\nname = "app"\n[tool.asyncshift.keep-sync]\n"worker.py" = "Celery has no loop"\n',
    "models.py": """
        import flask_admin
        from sqlalchemy.orm import Session

        class Store:
            def __init__(self, db: Session):
                self.db = db

            @property
            def size(self):
                return self.db.query(Store).count()
    """,
    "main.py": """
        import time
        from fastapi import FastAPI
        from models import Store
        from sqlalchemy.ext.asyncio import AsyncSession
        from sqlalchemy.orm import Session

        app = FastAPI()

        @app.get("/")
        def read(db: Session):
            return db.get(Store, 1)

        async def block(db: Session):
            db.get(Store, 1)
            time.sleep(1)

        async def forgotten(session: AsyncSession):
            session.commit()
            session.rollback()  # asyncshift: ignore[AS201] never runs
    """,
    "worker.py": """
        from sqlalchemy.orm import Session

        def task(db: Session):
            db.commit()
    """,
}


def closed(schema: dict[str, Any]) -> dict[str, Any]:
    """The schema without room for keys that it does not name."""
    schema = deepcopy(schema)
    for part in parts(schema):
        if "properties" in part:
            part["additionalProperties"] = False
    return schema


def parts(schema: Any) -> Iterator[dict[str, Any]]:
    if isinstance(schema, dict):
        yield schema
    for inner in schema.values() if isinstance(schema, dict) else schema if isinstance(schema, list) else ():
        yield from parts(inner)


def wrong(name: str, answer: Any) -> list[str]:
    return [e.message for e in jsonschema.Draft202012Validator(closed(SCHEMAS[name])).iter_errors(answer)]


def answer_of(name: str, folder: Folder, run: Run) -> dict[str, Any]:
    folder.write({path: dedent(content) for path, content in PROJECT.items()})
    folder.commit()
    found: dict[str, Any] = json.loads(run(*COMMANDS[name]).stdout)
    return found


@pytest.mark.parametrize("name", SCHEMAS)
def test_the_answer_is_what_the_schema_says(name: str, folder: Folder, run: Run) -> None:
    jsonschema.Draft202012Validator.check_schema(SCHEMAS[name])
    answer = answer_of(name, folder, run)
    assert wrong(name, answer) == []
    may_be_empty = {"broken", "failures", "suite"}
    assert {key for key, value in answer.items() if not value} <= may_be_empty
    assert wrong(name, {**answer, "version": 0})
    assert wrong(name, {**answer, "more": 1})
    for key in answer:
        assert wrong(name, {k: v for k, v in answer.items() if k != key}), f"{key} is not required"


def test_decisions_of_every_status_were_seen(folder: Folder, run: Run) -> None:
    answer = answer_of("plan", folder, run)
    assert {d["status"] for d in answer["decisions"]} == {"done", "kept", "declined"}


def test_findings_with_a_chain_and_a_fix_were_seen(folder: Folder, run: Run) -> None:
    findings = answer_of("check", folder, run)["findings"]
    assert any(finding["chain"] for finding in findings)
    assert any(finding["fix"] for finding in findings)


def test_what_recordings_show_is_described(folder: Folder, run: Run) -> None:
    answer = answer_of("report", folder, run)
    shown = suite(Parity(lost=[Lost("test_load", "failed", "boom")], documents=["openapi.paths differs"], compared=2))
    assert wrong("report", {**answer, "suite": shown}) == []
    assert wrong("report", {**answer, "suite": {**shown, "lost": [1]}})
