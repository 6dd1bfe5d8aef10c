import logging
from unittest.mock import AsyncMock, MagicMock, Mock

import pytest
from asgi_lifespan import LifespanManager
from httpx import ASGITransport, AsyncClient
from pydantic import ValidationError
from sqlalchemy import text
from sqlalchemy.exc import OperationalError

from deeplearn.infrastructure.config import Settings, settings
from deeplearn.infrastructure.public import infrastructure_provider
from deeplearn.infrastructure.service import DatabaseSessionContext, InfrastructureService, engine_options
from deeplearn.server import app


@pytest.mark.parametrize(
    ("url", "sync", "asynchronous"),
    [
        ("sqlite:///a.db", "sqlite:///a.db", "sqlite+aiosqlite:///a.db"),
        ("sqlite+aiosqlite:///a.db", "sqlite:///a.db", "sqlite+aiosqlite:///a.db"),
        ("postgresql://u:p@db/a", "postgresql://u:p@db/a", "postgresql+asyncpg://u:p@db/a"),
        ("postgresql+asyncpg://u:p@db/a", "postgresql+psycopg://u:p@db/a", "postgresql+asyncpg://u:p@db/a"),
        ("postgresql+psycopg://u:p@db/a", "postgresql+psycopg://u:p@db/a", "postgresql+psycopg://u:p@db/a"),
    ],
)
def test_both_kinds_of_driver(url, sync, asynchronous):
    found = Settings(database_url=url)
    assert (found.sync_database_url, found.async_database_url) == (sync, asynchronous)


@pytest.mark.parametrize(("name", "value"), [("POOL_SIZE", "0"), ("TOKEN_HOURS", "x"), ("LINK_MINUTES", "-1")])
def test_wrong_settings_are_refused(monkeypatch, name, value):
    monkeypatch.setenv(name, value)
    with pytest.raises(ValidationError):
        Settings()


def test_a_server_gets_a_pool():
    assert engine_options(Settings(database_url="postgresql://db/a", pool_size=3))["pool_size"] == 3
    assert "pool_size" not in engine_options(Settings(database_url="sqlite:///a.db"))


def test_nothing_works_before_the_beginning():
    with pytest.raises(RuntimeError):
        InfrastructureService(settings).engine  # noqa: B018


def test_beginning_twice_changes_nothing(infrastructure):
    infrastructure.initialize()
    engine = infrastructure.engine
    infrastructure.initialize()
    assert infrastructure.engine is engine


class TestSessionContext:
    async def test_commits(self):
        session = AsyncMock()
        async with DatabaseSessionContext(Mock(return_value=session)) as given:
            assert given is session
        session.commit.assert_awaited_once_with()
        session.close.assert_awaited_once_with()

    async def test_rolls_back(self):
        session = AsyncMock()
        with pytest.raises(KeyError):
            async with DatabaseSessionContext(Mock(return_value=session)):
                raise KeyError("no")
        session.commit.assert_not_awaited()
        session.rollback.assert_awaited_once_with()
        session.close.assert_awaited_once_with()

    @pytest.mark.asyncio
    async def test_the_asynchronous_one_reaches_the_same_database(self, infrastructure, session):
        answer = (await session.execute(text("SELECT 40 + 2"))).scalar()
        async with infrastructure.get_async_session_context() as other:
            assert (await other.execute(text("SELECT 40 + 2"))).scalar() == answer


class TestHealth:
    async def test_it_is_well(self, client):
        body = (await client.get("/health")).json()
        assert body["is_healthy"] is True
        assert body["database"] in {"sqlite", "postgresql"}

    async def test_the_database_is_gone(self, client, infrastructure, monkeypatch):
        engine = MagicMock(dispose=AsyncMock())
        engine.dialect.name = "sqlite"
        engine.connect.side_effect = OperationalError("SELECT 1", {}, Exception("refused"))
        infrastructure.initialize()
        monkeypatch.setattr(infrastructure, "_engine", engine)
        response = await client.get("/health")
        assert response.status_code == 503
        assert response.json() == {"is_healthy": False, "database": "sqlite", "problems": ["OperationalError"]}


class TestSlowQueries:
    async def test_they_are_logged(self, session, monkeypatch, caplog):
        monkeypatch.setattr(settings, "slow_query_ms", 0)
        with caplog.at_level(logging.WARNING, logger="deeplearn.infrastructure.service"):
            await session.execute(text("SELECT\n 40 + 2"))
        assert "ms: SELECT 40 + 2" in caplog.text

    async def test_quick_ones_are_not(self, session, monkeypatch, caplog):
        monkeypatch.setattr(settings, "slow_query_ms", 60_000)
        await session.execute(text("SELECT 40 + 2"))
        assert "slow query" not in caplog.text


async def test_the_server_begins_and_ends(database, monkeypatch):
    own = InfrastructureService(settings)
    monkeypatch.setattr("deeplearn.server.infrastructure_provider", lambda: own)
    async with (
        LifespanManager(app) as manager,
        AsyncClient(
            transport=ASGITransport(app=manager.app), base_url="http://testserver", follow_redirects=True
        ) as client,
    ):
        assert (await client.get("/openapi.json")).json()["info"]["title"] == "DeepLearn"
        assert own.engine is not infrastructure_provider()
    with pytest.raises(RuntimeError):
        own.engine  # noqa: B018
