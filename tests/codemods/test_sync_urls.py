"""URLs of engines, given to what makes sync engines of its own. (For Alembic: test_alembic_calls.py.)"""

from __future__ import annotations

from pathlib import Path

import pytest

from .suites import follows, migrate, text
from .test_database_fixtures import TESTS

CONFTEST = """\
import pytest
import sqlalchemy_utils
from sqlalchemy import create_engine, make_url
from sqlalchemy.orm import Session
from sqlalchemy_utils.functions import create_database, database_exists

from application import Base

URL = make_url("sqlite:///made.db")


@pytest.fixture(scope="session")
def engine():
    engine = create_engine(URL)
    if not database_exists(engine.url):
        create_database(str(engine.url))
    Base.metadata.create_all(engine)
    yield engine
    engine.dispose()
    sqlalchemy_utils.drop_database(url=engine.url)
    assert not database_exists(URL)


@pytest.fixture
def db(engine):
    with Session(engine) as session:
        yield session
        for table in Base.metadata.sorted_tables:
            session.execute(table.delete())
        session.commit()
"""


def test_databases_that_are_made_and_dropped(tmp_path: Path) -> None:
    follows(tmp_path, {"conftest.py": CONFTEST, "test_it.py": TESTS})
    converted = text(tmp_path, "conftest.py")
    sync = "engine.url.set(drivername=engine.url.get_backend_name())"
    assert f"if not database_exists({sync}):" in converted
    assert f"create_database(str({sync}))" in converted
    assert f"sqlalchemy_utils.drop_database(url={sync})" in converted
    assert "assert not database_exists(URL)" in converted


@pytest.mark.parametrize(
    ("driver", "url", "given"),
    [
        ("pymysql", "mysql+pymysql://localhost/made", 'engine.url.set(drivername="mysql+pymysql")'),
        ("psycopg[binary]", "postgresql+psycopg://localhost/made", "engine.url"),
        ("psycopg2", "postgresql://localhost/made", "engine.url.set(drivername=engine.url.get_backend_name())"),
    ],
)
def test_the_driver_that_the_project_has(tmp_path: Path, driver: str, url: str, given: str) -> None:
    code = f"""\
from sqlalchemy import create_engine
from sqlalchemy_utils import create_database

engine = create_engine("{url}")


def make() -> None:
    create_database(engine.url)
"""
    (tmp_path / "made.py").write_text(code)
    (tmp_path / "requirements.txt").write_text(f"sqlalchemy==2.0.40\nsqlalchemy-utils\n{driver}\n")
    migrate(tmp_path)
    assert f"    create_database({given})\n" in text(tmp_path, "made.py")
