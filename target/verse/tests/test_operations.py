"""Health, start and stop, the log of slow statements, and the scripts."""

import logging

import pytest
from asgi_lifespan import LifespanManager
from httpx import ASGITransport, AsyncClient
from sqlalchemy import func, select, text
from sqlalchemy.exc import OperationalError
from sqlalchemy.ext.asyncio import async_sessionmaker, create_async_engine

from scripts import backfill_embeddings, seed
from verse import main
from verse.api.dependencies import chat, links
from verse.clients.embedding import LocalEmbeddings
from verse.config import settings
from verse.database import get_db
from verse.main import app
from verse.models import Base, ConversationMessage, InsightMessage, LinkCode, User, now


@pytest.fixture
async def file_engine(tmp_path):
    engine = create_async_engine(f"sqlite+aiosqlite:///{tmp_path / 'verse.db'}")
    yield engine
    await engine.dispose()


async def test_health_tells_the_database(client):
    response = await client.get("/health")
    assert response.status_code == 200
    assert response.json()["status"] == "ok"
    assert response.json()["database"] in {"sqlite", "postgresql"}


async def test_health_tells_when_the_database_is_gone(client, monkeypatch):
    class Broken:
        async def execute(self, statement):
            raise OperationalError("SELECT 1", {}, Exception("connection refused"))

    app.dependency_overrides[get_db] = lambda: Broken()
    response = await client.get("/health")
    app.dependency_overrides.clear()
    assert response.status_code == 503
    assert response.json() == {"status": "unavailable", "database": "OperationalError"}


async def test_the_server_creates_the_tables(file_engine, monkeypatch):
    monkeypatch.setattr(main, "engine", file_engine)
    monkeypatch.setattr(main, "SessionLocal", async_sessionmaker(bind=file_engine, expire_on_commit=False))
    async with (
        LifespanManager(app) as manager,
        AsyncClient(
            transport=ASGITransport(app=manager.app), base_url="http://testserver", follow_redirects=True
        ) as client,
    ):
        assert (await client.get("/openapi.json")).json()["info"]["title"] == "Verse"
    async with file_engine.connect() as connection:
        assert await connection.scalar(select(func.count()).select_from(User)) == 0


async def test_the_server_deletes_expired_codes(file_engine, monkeypatch):
    factory = async_sessionmaker(bind=file_engine, expire_on_commit=False)
    async with file_engine.begin() as connection:
        await connection.run_sync(Base.metadata.create_all)
    async with factory() as db:
        user = User(public_id="reader")
        db.add(user)
        await db.flush()
        db.add(LinkCode(user_id=user.id, code_hash="h", expires_at=now()))
        await db.commit()
    monkeypatch.setattr(main, "engine", file_engine)
    monkeypatch.setattr(main, "SessionLocal", factory)
    async with LifespanManager(app):
        pass
    async with factory() as db:
        assert await db.scalar(select(func.count()).select_from(LinkCode)) == 0


async def test_slow_statements_are_logged(db, monkeypatch, caplog):
    monkeypatch.setattr(settings, "slow_query_ms", 0)
    with caplog.at_level(logging.WARNING, logger="verse.database"):
        await db.execute(text("SELECT\n 40 + 2"))
    assert "ms: SELECT 40 + 2" in caplog.text


async def test_quick_statements_are_not(db, monkeypatch, caplog):
    monkeypatch.setattr(settings, "slow_query_ms", 60_000)
    await db.execute(text("SELECT 40 + 2"))
    assert "slow query" not in caplog.text


async def test_seed_makes_a_reader_with_a_history(file_engine, monkeypatch, capsys):
    factory = async_sessionmaker(bind=file_engine, autoflush=False, expire_on_commit=False)
    monkeypatch.setattr(seed, "engine", file_engine)
    monkeypatch.setattr(seed, "SessionLocal", factory)
    await seed.main()
    assert len(capsys.readouterr().out.strip()) == 43
    async with factory() as db:
        assert await db.scalar(select(func.count()).select_from(InsightMessage)) == 6
        assert await db.scalar(select(func.count()).select_from(ConversationMessage)) == 6


async def add_messages(db, user_id, count):
    conversation = await chat.start(db, user_id, "Old")
    for number in range(count):
        db.add(ConversationMessage(conversation_id=conversation.id, role="user", content=f"message {number}"))
    db.add(ConversationMessage(conversation_id=conversation.id, role="assistant", content="answer"))
    await db.commit()


@pytest.mark.asyncio
async def test_backfill_works_in_batches(db, reader, capsys):
    await add_messages(db, reader.id, 5)
    updated = await backfill_embeddings.backfill(db, ConversationMessage, LocalEmbeddings(), batch_size=2)
    assert updated == 5
    assert capsys.readouterr().out.splitlines() == [f"conversation_messages: {n}" for n in (2, 4, 5)]
    assert await db.scalar(
        select(func.count()).select_from(ConversationMessage).where(ConversationMessage.embedding.is_(None))
    ) == 1


async def test_the_backfill_script_takes_both_kinds(file_engine, monkeypatch):
    factory = async_sessionmaker(bind=file_engine, expire_on_commit=False)
    async with file_engine.begin() as connection:
        await connection.run_sync(Base.metadata.create_all)
    async with factory() as db:
        user = User(public_id="reader")
        db.add(user)
        await db.flush()
        await add_messages(db, user.id, 3)
    monkeypatch.setattr(backfill_embeddings, "SessionLocal", factory)
    assert await backfill_embeddings.main() == 3
    assert await backfill_embeddings.main() == 0


async def test_links_survive_an_empty_table(db):
    assert await links.delete_expired_codes(db) == 0
