"""Health, slow statements, migrations, the seed script; and that nobody gets in without a token."""

import logging

import pytest
from alembic import command
from alembic.config import Config
from sqlalchemy import func, inspect, select, text
from sqlalchemy.exc import OperationalError
from sqlalchemy.ext.asyncio import create_async_engine

from comic_pile.api.dependencies import get_db
from comic_pile.config import Settings, settings
from comic_pile.database import Base, async_url, engine_options
from comic_pile.main import app
from comic_pile.models import Session, Thread, User
from scripts import seed

OPEN = {("POST", "/auth/register"), ("POST", "/auth/login"), ("POST", "/auth/refresh"), ("GET", "/health")}
OPERATIONS = [
    (method.upper(), path)
    for path, methods in app.openapi()["paths"].items()
    for method in methods
    if (method.upper(), path) not in OPEN
]


async def test_health(anonymous):
    response = await anonymous.get("/health")
    assert (response.status_code, response.json()) == (200, {"status": "ok", "database": "up"})


async def test_the_database_is_down(anonymous):
    class Broken:
        async def execute(self, statement):
            raise OperationalError("SELECT 1", {}, Exception("no route to host"))

    app.dependency_overrides[get_db] = Broken
    response = await anonymous.get("/health")
    app.dependency_overrides.clear()
    assert (response.status_code, response.json()) == (503, {"status": "degraded", "database": "down"})


@pytest.mark.parametrize(("method", "path"), OPERATIONS)
async def test_nothing_without_a_token(anonymous, method, path):
    assert (await anonymous.request(method, path.replace("{", "").replace("}", ""))).status_code == 401


def test_there_are_45_operations():
    assert len(OPERATIONS) + len(OPEN) == 45 + 1


@pytest.mark.parametrize(("limit", "told"), [(0, True), (60_000, False)])
async def test_slow_statements_are_logged(db, monkeypatch, caplog, limit, told):
    monkeypatch.setattr(settings, "slow_query_ms", limit)
    with caplog.at_level(logging.WARNING, logger="comic_pile.sql"):
        await db.execute(text("SELECT 42"))
    assert any("SELECT 42" in record.getMessage() for record in caplog.records) is told


@pytest.mark.parametrize("url", ["sqlite://", "sqlite:///pile.db"])
def test_sqlite_has_no_pool_settings(url):
    assert engine_options(url) == {}


def test_pool_settings():
    options = engine_options("postgresql://reader@localhost/pile")
    assert (options["pool_size"], options["max_overflow"], options["pool_pre_ping"]) == (5, 10, True)


@pytest.mark.parametrize(("name", "value"), [("POOL_SIZE", "0"), ("PASSWORD_COST", "99"), ("SESSION_HOURS", "-1")])
def test_wrong_settings_are_refused(monkeypatch, name, value):
    monkeypatch.setenv(name, value)
    with pytest.raises(ValueError, match=name.lower()):
        Settings()


async def test_migrations_make_the_tables_of_the_models(tmp_path):
    url = f"sqlite:///{tmp_path / 'pile.db'}"
    config = Config("alembic.ini")
    config.set_main_option("sqlalchemy.url", url)
    command.upgrade(config, "head")
    command.check(config)
    engine = create_async_engine(async_url(url))
    async with engine.connect() as connection:
        assert set(await connection.run_sync(lambda sync_connection: inspect(sync_connection).get_table_names())) == {*Base.metadata.tables, "alembic_version"}
    command.downgrade(config, "base")
    async with engine.connect() as connection:
        assert await connection.run_sync(lambda sync_connection: inspect(sync_connection).get_table_names()) == ["alembic_version"]
    await engine.dispose()


async def test_seed_fills_an_empty_installation_once(db, capsys):
    await seed.main()
    await seed.main()
    assert capsys.readouterr().out.splitlines() == ["2 readers added", "0 readers added"]
    assert (
        await db.execute(
            select(User.email).order_by(User.email)
        )
    ).all() == [("admin@pile.example",), ("reader@pile.example",)]
    assert await db.scalar(select(func.count()).select_from(Thread)) == 2 * len(seed.THREADS)
    assert await db.scalar(select(func.count()).select_from(Session).where(Session.ended_at.is_(None))) == 0
