"""Health, slow statements, migrations, purging, the seed script; and that nobody gets in without a token."""

import asyncio
import contextlib
import logging
from datetime import timedelta
from unittest.mock import AsyncMock

import pytest
from alembic import command
from alembic.config import Config
from sqlalchemy import func, inspect, select, text
from sqlalchemy.exc import OperationalError
from sqlalchemy.ext.asyncio import create_async_engine

from scripts import seed
from soul_sense import purge
from soul_sense.clock import utcnow
from soul_sense.config import Settings, settings
from soul_sense.database import Base, async_url, engine_options, get_db
from soul_sense.main import app
from soul_sense.models import AuditEvent, Exam, JournalEntry, Login, OneTimeCode, Question, User

OPEN = {
    ("POST", "/auth/register"),
    ("POST", "/auth/login"),
    ("POST", "/auth/codes"),
    ("POST", "/auth/reset"),
    ("GET", "/exams/questions"),
    ("GET", "/exams/categories"),
    ("GET", "/health"),
}
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


@pytest.mark.parametrize(("limit", "told"), [(0, True), (60_000, False)])
async def test_slow_statements_are_logged(db, monkeypatch, caplog, limit, told):
    monkeypatch.setattr(settings, "slow_query_ms", limit)
    with caplog.at_level(logging.WARNING, logger="soul_sense.sql"):
        await db.execute(text("SELECT 42"))
    assert any("SELECT 42" in record.getMessage() for record in caplog.records) is told


def test_pool_settings():
    assert engine_options("sqlite:///soul.db") == {}
    options = engine_options("postgresql://soul@localhost/soul")
    assert (options["pool_size"], options["max_overflow"], options["pool_pre_ping"]) == (5, 5, True)


@pytest.mark.parametrize(("name", "value"), [("POOL_SIZE", "0"), ("LOGIN_HOURS", "-1"), ("PURGE_SECONDS", "never")])
def test_wrong_settings_are_refused(monkeypatch, name, value):
    monkeypatch.setenv(name, value)
    with pytest.raises(ValueError, match=name.lower()):
        Settings()


async def test_migrations_make_the_tables_of_the_models(tmp_path):
    url = f"sqlite:///{tmp_path / 'soul.db'}"
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


# Purging


@pytest.fixture
async def rubbish(db, user):
    """One row of each kind that is purged, and one that stays."""
    old, new = utcnow() - timedelta(days=400), utcnow() + timedelta(days=1)
    for moment in (old, new):
        db.add(Login(user_id=user.id, token_hash=str(moment), expires_at=moment))
        db.add(OneTimeCode(user_id=user.id, code_hash="x", expires_at=moment))
        db.add(AuditEvent(user_id=user.id, action="made", created_at=moment))
    for moment in (old, None):
        db.add(JournalEntry(user_id=user.id, title="x", mood=5, written_on=old.date(), deleted_at=moment))
    await db.commit()


async def test_purge_once(db, rubbish):
    assert await purge.purge_once() == 4
    assert await purge.purge_once() == 0
    for model in (Login, OneTimeCode, AuditEvent, JournalEntry):
        assert await db.scalar(select(func.count()).select_from(model)) == 1


async def test_the_loop_goes_on_after_a_failure(database, monkeypatch, caplog):
    rounds = []

    def fail(days):
        rounds.append(days)
        raise OperationalError("DELETE", {}, Exception("no route to host"))

    monkeypatch.setattr(settings, "purge_seconds", 0.001)
    monkeypatch.setattr(purge.JournalService, "purge", AsyncMock(side_effect=lambda days: fail(days)))

    async def for_a_while():
        task = asyncio.create_task(purge.purge_loop())
        while len(rounds) < 2:
            await asyncio.sleep(0.001)
        task.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await task

    await for_a_while()
    assert rounds[:2] == [settings.keep_deleted_days] * 2
    assert "purging failed" in caplog.text


async def test_seed_fills_an_empty_installation_once(db, capsys):
    await seed.main()
    await seed.main()
    assert capsys.readouterr().out.splitlines() == [
        "8 questions and 3 users added",
        "0 questions and 0 users added",
    ]
    assert await db.scalar(select(func.count()).select_from(Question)) == 8
    assert [name for (name,) in await db.execute(select(User.username).where(User.is_staff))] == ["staff"]
    assert await db.scalar(select(func.count()).select_from(Exam).where(Exam.score.isnot(None))) == 3
    assert await db.scalar(select(func.count()).select_from(JournalEntry)) == 3 * len(seed.PAGES)
