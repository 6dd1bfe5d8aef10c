"""Mocks in the place of classes whose constructor awaits; those with a name are in `mocks/patches.md`."""

from __future__ import annotations

from asyncshift.analysis.decisions import Status

from .whole import migrate

APP = """\
from sqlalchemy.orm import Session

from models import User


class Report:
    def __init__(self, db: Session):
        self.user = db.get(User, 1)


def report(db: Session):
    return Report(db)
"""
TEST = """\
from unittest.mock import MagicMock, patch

import app


def test_one():
    with patch("app.Report"):
        assert app.report(7)


def test_made_beside():
    app.Report = made = MagicMock()
    assert app.report(7) is made.return_value
"""


def test_a_mock_without_a_name_is_declined() -> None:
    changed, plan = migrate({"app.py": APP, "test_app.py": TEST})
    assert b"return await Report.create(db)" in changed["app.py"]
    found = [d for d in plan if d.codemod == "mock-constructors"]
    assert [(d.site.line, d.status) for d in found] == [(7, Status.DECLINED), (12, Status.DECLINED)]
    assert all(d.concern.startswith("what makes the object awaits create() now") for d in found)
