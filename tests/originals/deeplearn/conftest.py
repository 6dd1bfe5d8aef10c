"""A database for the tests: made by the migrations, emptied after each test."""

import os
import tempfile

folder = tempfile.mkdtemp()
os.environ["DATABASE_URL"] = os.environ.get("TEST_DATABASE_URL", f"sqlite:///{folder}/deeplearn.db")
os.environ["STORAGE_FOLDER"] = f"{folder}/storage"
os.environ["PASSWORD_ROUNDS"] = "1"

import pytest
from alembic import command
from alembic.config import Config
from sqlalchemy import create_engine

from deeplearn.infrastructure.config import settings
from deeplearn.registry import Base


@pytest.fixture(scope="session")
def migrated():
    config = Config("alembic.ini")
    command.upgrade(config, "head")
    yield config
    command.downgrade(config, "base")


@pytest.fixture(scope="session")
def engine(migrated):
    engine = create_engine(settings.sync_database_url)
    yield engine
    engine.dispose()


@pytest.fixture
def database(engine):
    """The tables; what a test leaves in them goes."""
    yield
    with engine.begin() as connection:
        for table in reversed(Base.metadata.sorted_tables):
            connection.execute(table.delete())
