"""Alembic works on synchronous connections, and so do its tests."""

import pytest
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.migration import MigrationContext
from sqlalchemy import create_engine, inspect

from verse.models import Base


@pytest.fixture
def alembic(tmp_path):
    config = Config("alembic.ini")
    config.set_main_option("sqlalchemy.url", f"sqlite:///{tmp_path / 'migrated.db'}")
    return config


def test_migrations_give_the_tables_of_the_models(alembic):
    command.upgrade(alembic, "head")
    engine = create_engine(alembic.get_main_option("sqlalchemy.url"))
    with engine.connect() as connection:
        assert compare_metadata(MigrationContext.configure(connection), Base.metadata) == []
    engine.dispose()


def test_migrations_go_back(alembic):
    command.upgrade(alembic, "head")
    command.downgrade(alembic, "base")
    engine = create_engine(alembic.get_main_option("sqlalchemy.url"))
    assert inspect(engine).get_table_names() == ["alembic_version"]
    engine.dispose()


def test_migrations_can_be_written_down(alembic, capsys):
    command.upgrade(alembic, "head", sql=True)
    assert "CREATE TABLE devices" in capsys.readouterr().out
