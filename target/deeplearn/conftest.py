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
from sqlalchemy.engine import URL, make_url
from sqlalchemy.ext.asyncio import create_async_engine

from deeplearn.infrastructure.config import settings
from deeplearn.registry import Base


@pytest.fixture(scope="session")
def migrated():
    config = Config("alembic.ini")
    command.upgrade(config, "head")
    yield config
    command.downgrade(config, "base")


def async_url(url: str | URL) -> URL:
    """The URL of the same database, with its async driver."""
    url = make_url(url)
    drivers = {
        "sqlite": "sqlite+aiosqlite",
        "sqlite+pysqlite": "sqlite+aiosqlite",
        "postgresql": "postgresql+asyncpg",
        "postgresql+psycopg2": "postgresql+asyncpg",
    }
    url = url.set(drivername=drivers.get(url.drivername, url.drivername))
    if url.drivername == "postgresql+asyncpg" and "sslmode" in url.query:
        # What libpq calls sslmode is ssl for asyncpg.
        ssl = url.query["sslmode"]
        url = url.difference_update_query(["sslmode"]).update_query_dict({"ssl": ssl})
    return url


@pytest.fixture(scope="session")
async def engine(migrated):
    engine = create_async_engine(async_url(settings.sync_database_url))
    yield engine
    await engine.dispose()


@pytest.fixture
async def database(engine):
    """The tables; what a test leaves in them goes."""
    yield
    async with engine.begin() as connection:
        for table in reversed(Base.metadata.sorted_tables):
            await connection.execute(table.delete())
