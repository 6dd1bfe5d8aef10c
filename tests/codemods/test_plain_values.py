"""Texts and numbers and their columns: the cases in `plain_values/` run before and after."""

from __future__ import annotations

from pathlib import Path

import pytest

from .whole import Case, cases, check, migrate

MODELS = """\
from datetime import date, datetime
from typing import Annotated, Optional, Union

from sqlalchemy import BigInteger, Column, Date, DateTime, Float, ForeignKey, Integer, String
from sqlalchemy.orm import DeclarativeBase, Session

URL = "{dialect}://localhost/shop"


class Base(DeclarativeBase):
    pass


class Note(Base):
    __tablename__ = "notes"
    id = Column(Integer, primary_key=True)
    value = Column({column})


def Depends(provider): ...
def text() -> int: ...


def store(db: Session, given: {annotation}{default}):
    db.add(Note(value={value}))
    db.commit()
"""


@pytest.mark.parametrize("case", cases("plain_values"))
def test_case(case: Case, tmp_path: Path) -> None:
    check(case, tmp_path)


def stored(column: str, annotation: str, value: str = "given", dialect: str = "postgresql", default: str = "") -> str:
    """What the migration makes of `Note(value=given)`."""
    text = MODELS.format(column=column, annotation=annotation, value=value, dialect=dialect, default=default)
    changed, _ = migrate({"models.py": text})
    line = next(line for line in changed["models.py"].decode().splitlines() if "Note(value=" in line)
    return line.strip().removeprefix("db.add(Note(value=").removesuffix("))")


IF_GIVEN = "{}(given) if given is not None else None"


@pytest.mark.parametrize(
    ("column", "annotation", "expected"),
    [
        ("Integer", "str", "int(given)"),
        ("BigInteger, nullable=False", "Annotated[str, 'a key']", "int(given)"),
        ("Integer", "Optional[str]", IF_GIVEN.format("int")),
        ("Integer", "str | None", IF_GIVEN.format("int")),
        ("Float", "Union[str, None]", IF_GIVEN.format("float")),
        ("String(20)", "int", "str(given)"),
        ("Date", "str", "date.fromisoformat(given)"),
        ("DateTime", "str", "datetime.fromisoformat(given)"),
        ("Integer", "int", "given"),
        ("Integer", "int | str", "given"),
        ("Integer", "list[str]", "given"),
        ("String", "str", "given"),
        ("ForeignKey('notes.id')", "str", "given"),
        ("Integer().with_variant(String, 'sqlite')", "str", "given"),
    ],
)
def test_what_a_parameter_becomes(column: str, annotation: str, expected: str) -> None:
    assert stored(column, annotation) == expected


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("str(given)", "int(str(given))"),
        ("f'{given}'", "int(f'{given}')"),
        ("'5'", "int('5')"),
        ("given.value", "given.value"),
        ("text()", "text()"),
    ],
)
def test_what_an_expression_becomes(value: str, expected: str) -> None:
    assert stored("Integer", "object", value) == expected


def test_an_annotation_does_not_tell_what_a_dependency_gives() -> None:
    assert stored("Integer", "str", default=" = Depends(text)") == "given"


def test_other_drivers_take_texts_for_numbers() -> None:
    assert stored("Integer", "str", dialect="sqlite") == "given"
