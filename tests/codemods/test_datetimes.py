"""Datetimes and their columns: the cases in `datetimes/` run before and after."""

from __future__ import annotations

from pathlib import Path

import pytest

from asyncshift.analysis.decisions import Plan
from asyncshift.analysis.program import Program
from asyncshift.analysis.settings import Settings
from asyncshift.codemods.engine import make_plan

from .projects import convert
from .whole import Case, cases, check, migrate

MODELS = """\
from datetime import datetime, timedelta, timezone
from zoneinfo import ZoneInfo

from sqlalchemy import DateTime
from sqlalchemy.orm import DeclarativeBase, Mapped, Session, mapped_column

URL = "{dialect}://localhost/shop"


class Base(DeclarativeBase):
    type_annotation_map = {{datetime: DateTime({zone})}}


class Visit(Base):
    __tablename__ = "visits"
    id: Mapped[int] = mapped_column(primary_key=True)
    at: Mapped[datetime]


def store(db: Session, given):
    now = {value}
    db.add(Visit(at=now))
    db.commit()
"""


@pytest.mark.parametrize("case", cases("datetimes"))
def test_case(case: Case, tmp_path: Path) -> None:
    check(case, tmp_path)


def stored(value: str, zone: str = "", dialect: str = "postgresql") -> str:
    """What the migration makes of `Visit(at=now)`."""
    changed, _ = migrate({"models.py": MODELS.format(value=value, zone=zone, dialect=dialect)})
    line = next(line for line in changed["models.py"].decode().splitlines() if "Visit(at=" in line)
    return line.strip().removeprefix("db.add(Visit(at=").removesuffix("))")


NAIVE = "now.replace(tzinfo=None)"


@pytest.mark.parametrize(
    ("value", "for_naive", "for_aware"),
    [
        ("datetime.now(timezone.utc)", NAIVE, "now"),
        ("datetime.now(tz=ZoneInfo('UTC'))", NAIVE, "now"),
        ("datetime.now(ZoneInfo('Europe/Oslo'))", "now.astimezone(timezone.utc).replace(tzinfo=None)", "now"),
        ("datetime.utcnow()", "now", "now.replace(tzinfo=timezone.utc)"),
        ("datetime.now()", "now", "now.astimezone()"),
        ("datetime.now().astimezone(timezone.utc)", NAIVE, "now"),
        ("datetime.now(timezone.utc).replace(tzinfo=None)", "now", "now.replace(tzinfo=timezone.utc)"),
        ("datetime.now(timezone.utc).replace(hour=0)", NAIVE, "now"),
        ("datetime(2030, 1, 2)", "now", "now.astimezone()"),
        ("timedelta(1) + datetime.now(timezone.utc)", NAIVE, "now"),
        ("datetime.fromtimestamp(5, timezone.utc)", NAIVE, "now"),
        ("given", "now", "now"),
        ("datetime.now(timezone.utc) if given else datetime.now()", "now", "now"),
        ("datetime.now() - datetime(2030, 1, 2)", "now", "now"),
        ("given + (datetime.utcnow() - given)", "now", "now"),
        ("datetime.now(timezone.utc) - 2 * timedelta(1)", NAIVE, "now"),
    ],
)
def test_what_is_known_of_a_value(value: str, for_naive: str, for_aware: str) -> None:
    assert stored(value) == for_naive
    assert stored(value, "timezone=True") == for_aware


@pytest.mark.parametrize("zone", ["timezone=ZONED", ").with_variant(DateTime(timezone=True), 'sqlite'"])
def test_a_column_of_which_too_little_is_known_is_left_alone(zone: str) -> None:
    assert stored("datetime.now(timezone.utc)", zone) == "now"


def test_other_drivers_take_every_datetime() -> None:
    assert stored("datetime.now(timezone.utc)", dialect="sqlite") == "now"


@pytest.mark.parametrize(("requirement", "changes"), [("psycopg2-binary>=2.9", True), ("sqlalchemy", False)])
def test_a_project_that_lists_no_driver_of_postgresql_keeps_its_datetimes(
    tmp_path: Path, requirement: str, changes: bool
) -> None:
    (tmp_path / "requirements.txt").write_text(f"{requirement}\n", "utf-8")
    text = MODELS.format(value="datetime.now(timezone.utc)", zone="", dialect="postgresql")
    (tmp_path / "models.py").write_text(text, "utf-8")
    program = Program.build(tmp_path, ["models.py"], Settings())
    assert (len(make_plan(program).only(["datetimes"])) == 1) is changes


def test_a_decision_names_the_column_and_the_value() -> None:
    plan: Plan
    _, plan = migrate({"models.py": MODELS.format(value="datetime.utcnow()", zone="True", dialect="postgresql")})
    (found,) = plan.only(["datetimes"])
    assert (found.action, found.why[0].what) == (
        "Visit.at holds instants; a naive datetime is local time, with asyncpg",
        "the value is naive, in UTC",
    )


def test_local_time_needs_no_import() -> None:
    text = MODELS.format(value="datetime.now()", zone="timezone=True", dialect="postgresql")
    changed, _ = migrate({"models.py": text.replace(", timedelta, timezone", "")})
    assert b"now.astimezone()" in changed["models.py"]
    assert b"timezone\n" not in changed["models.py"]


SQLMODELS = """\
from datetime import datetime, timezone

from sqlalchemy import DateTime
from sqlmodel import Field, Session, SQLModel


class Visit(SQLModel, table=True):
    id: int | None = Field(default=None, primary_key=True)
    at: datetime = Field(default_factory=lambda: datetime.now(timezone.utc))
    seen: datetime | None = Field(default=None, sa_type=DateTime)


def store(db: Session):
    db.add(Visit(seen=datetime.now(timezone.utc)))
    db.commit()
"""


@pytest.mark.parametrize(
    ("requirement", "changed"),
    [
        ("sqlmodel==0.0.24", ["default_factory", "seen"]),
        ("sqlmodel<0.0.45", ["default_factory", "seen"]),
        ("sqlmodel==0.0.45", ["seen"]),
        ("sqlmodel>=0.0.24", ["seen"]),
    ],
)
def test_what_columns_that_sqlmodel_makes_hold(requirement: str, changed: list[str], tmp_path: Path) -> None:
    files = {"models.py": SQLMODELS, "requirements.txt": f"{requirement}\nasyncpg\npsycopg2\n"}
    after, _ = convert(tmp_path, files, "datetimes")
    lines = [line for line in after["models.py"].splitlines() if line.endswith((".replace(tzinfo=None))", "None)))"))]
    assert [word for line in lines for word in ("default_factory", "seen") if word in line] == changed
