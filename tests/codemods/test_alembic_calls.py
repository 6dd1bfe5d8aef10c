"""Suites that make their tables with Alembic, before each test: its scripts stay sync."""

from __future__ import annotations

from pathlib import Path

from .suites import follows, text

SCRIPTS = {
    "migrations/script.py.mako": "",
    "migrations/env.py": """\
from alembic import context
from sqlalchemy import create_engine

from application import Base

config = context.config


def run(connection):
    context.configure(connection=connection, target_metadata=Base.metadata)
    with context.begin_transaction():
        context.run_migrations()


connection = config.attributes.get("connection")
if connection is not None:
    run(connection)
else:
    with create_engine(config.get_main_option("sqlalchemy.url")).connect() as connection:
        run(connection)
""",
    "migrations/versions/one.py": """\
import sqlalchemy as sa
from alembic import op

revision = "1"
down_revision = None


def upgrade():
    op.create_table("items", sa.Column("id", sa.Integer, primary_key=True), sa.Column("name", sa.String))


def downgrade():
    op.drop_table("items")
""",
}
HEAD = """\
from pathlib import Path

import pytest
from alembic import command
from alembic.config import Config

from application import SessionLocal, engine

SCRIPTS = str(Path(__file__).parent / "migrations")
"""
TESTS = """\
import pytest

from application import add_item, names


@pytest.mark.parametrize("name", ["a", "b"])
def test_names(db, name):
    add_item(db, name)
    assert names(db) == [name]
"""


def test_an_engine_of_alembic(tmp_path: Path) -> None:
    """Upgrade and downgrade stay as they are; the URL names a sync driver."""
    conftest = (
        HEAD
        + """

@pytest.fixture
def migrated():
    config = Config()
    config.set_main_option("script_location", SCRIPTS)
    config.set_main_option("sqlalchemy.url", str(engine.url))
    command.upgrade(config, "head")
    yield
    command.downgrade(config, "base")


@pytest.fixture
def db(migrated):
    with SessionLocal() as session:
        yield session
"""
    )
    follows(tmp_path, {"conftest.py": conftest, "test_it.py": TESTS, **SCRIPTS})
    converted = text(tmp_path, "conftest.py")
    assert "def migrated():" in converted
    assert '    command.upgrade(config, "head")\n    yield\n    command.downgrade(config, "base")\n' in converted
    assert text(tmp_path, "migrations/env.py") == SCRIPTS["migrations/env.py"]


def test_a_connection_of_the_suite(tmp_path: Path) -> None:
    conftest = (
        HEAD
        + """

def upgrade(config):
    command.upgrade(config, "head")


@pytest.fixture
def connection():
    with engine.connect() as connection:
        yield connection


@pytest.fixture
def config(connection):
    config = Config()
    config.set_main_option("script_location", SCRIPTS)
    config.attributes["connection"] = connection
    return config


@pytest.fixture
def db(config, connection):
    upgrade(config)
    with SessionLocal(bind=connection) as session:
        yield session
        session.rollback()
    command.downgrade(config, "base")
"""
    )
    follows(tmp_path, {"conftest.py": conftest, "test_it.py": TESTS, **SCRIPTS})
    converted = text(tmp_path, "conftest.py")
    assert 'config.attributes["connection"] = connection.sync_connection\n' in converted
    assert 'async def upgrade(config):\n    await greenlet_spawn(command.upgrade, config, "head")\n' in converted
    assert text(tmp_path, "migrations/env.py") == SCRIPTS["migrations/env.py"]


def test_an_engine_that_stays_sync(tmp_path: Path) -> None:
    """A connection of what only Alembic uses is as it was."""
    conftest = (
        HEAD
        + """

@pytest.fixture(autouse=True)
def migrated():
    config = Config()
    config.set_main_option("script_location", SCRIPTS)
    config.set_main_option("sqlalchemy.url", "sqlite:///items.db")
    command.upgrade(config, "head")
    yield
    command.downgrade(config, "base")


@pytest.fixture
def db():
    with SessionLocal() as session:
        yield session
"""
    )
    follows(tmp_path, {"conftest.py": conftest, "test_it.py": TESTS, **SCRIPTS})
    migrated = conftest.partition("@pytest.fixture(autouse=True)")[2].partition("@pytest.fixture\n")[0]
    assert migrated in text(tmp_path, "conftest.py")


def test_what_tests_a_revision_is_no_script_of_alembic(tmp_path: Path) -> None:
    follows(
        tmp_path,
        SCRIPTS
        | {
            "test_revision.py": """\
            import importlib.util
            from pathlib import Path

            from alembic import op

            from application import add_item, names


            def test_upgrade(db, monkeypatch):
                path = Path(__file__).parent / "migrations/versions/one.py"
                spec = importlib.util.spec_from_file_location("one", path)
                revision = importlib.util.module_from_spec(spec)
                spec.loader.exec_module(revision)
                made = []
                monkeypatch.setattr(op, "create_table", lambda name, *columns: made.append(name))
                revision.upgrade()
                add_item(db, made[0])
                assert names(db) == ["items"]
            """
        },
    )
    assert "async def test_upgrade(db, monkeypatch):" in text(tmp_path, "test_revision.py")
    assert text(tmp_path, "migrations/versions/one.py") == SCRIPTS["migrations/versions/one.py"]
