"""Constructors that query: the cases in `constructors/` run before and after."""

from __future__ import annotations

from pathlib import Path

import pytest

from .whole import Case, cases, check, migrate


@pytest.mark.parametrize("case", cases("constructors"))
def test_case(case: Case, tmp_path: Path) -> None:
    check(case, tmp_path)


DEPENDENCY = """\
from typing import Annotated

from fastapi import Depends, FastAPI
from sqlalchemy import text
from sqlalchemy.orm import Session

app = FastAPI()


class Report:
    def __init__(self, db: Session):
        self.one = db.scalar(text("select 1"))


{handler}


def direct(db: Session):
    return Report(db).one
"""


@pytest.mark.parametrize(
    "handler",
    [
        "@app.get('/')\ndef index(report: Annotated[Report, Depends()]): ...",
        "@app.get('/')\ndef index(report: Annotated[Report, Depends(Report)]): ...",
        "@app.get('/')\ndef index(report: Report = Depends()): ...",
        "@app.get('/')\ndef index(report=Depends(Report)): ...",
    ],
)
def test_a_class_that_a_framework_makes_keeps_its_constructor(handler: str) -> None:
    changed, plan = migrate({"app.py": DEPENDENCY.format(handler=handler)})
    assert b"def create" not in changed["app.py"]
    assert any(d.function == "Report.__init__" and d.concern for d in plan)


def test_without_the_handler_it_does_not() -> None:
    changed, _ = migrate({"app.py": DEPENDENCY.format(handler="")})
    assert b"async def create" in changed["app.py"]
