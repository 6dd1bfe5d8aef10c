"""Patches of what a module no longer uses; suites with such patches run in `mocks/classes.md`."""

from __future__ import annotations

import pytest

from .whole import migrate

APP = """\
from sqlalchemy.orm import Session


def load(engine):
    with Session(engine) as db:
        db.commit()
"""
TEST = """\
from unittest.mock import MagicMock, patch

import app


def test_it(monkeypatch):
    with {patch}:
        app.load(1)
"""


@pytest.mark.parametrize(
    "patch",
    ['patch("app.Missing")', 'patch("app." "Session")', 'patch("sqlalchemy.orm.Session")', 'patch("other.Session")'],
    ids=["unknown", "in pieces", "without a mock", "elsewhere"],
)
def test_what_stays(patch: str) -> None:
    changed, _ = migrate({"app.py": APP, "test_app.py": TEST.format(patch=patch)})
    assert patch in changed["test_app.py"].decode()


def test_what_monkeypatch_sets() -> None:
    setting = "monkeypatch.setattr(app, 'Session', MagicMock())"
    test = TEST.format(patch="monkeypatch.context()").replace("app.load", f"{setting}; app.load")
    changed, _ = migrate({"app.py": APP, "test_app.py": test})
    assert b"monkeypatch.setattr(app, 'AsyncSession', MagicMock())" in changed["test_app.py"]
