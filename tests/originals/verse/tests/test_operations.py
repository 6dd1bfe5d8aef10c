"""Health, start and stop, the log of slow statements, and the scripts."""

import asyncio
import logging

import pytest
from fastapi.testclient import TestClient
from sqlalchemy import create_engine, func, select, text
from sqlalchemy.exc import OperationalError
from sqlalchemy.orm import sessionmaker

from scripts import backfill_embeddings, seed
from verse import main
from verse.api.dependencies import chat, links
from verse.clients.embedding import LocalEmbeddings
from verse.config import settings
from verse.database import get_db
from verse.main import app
from verse.models import Base, ConversationMessage, InsightMessage, LinkCode, User, now


@pytest.fixture
def file_engine(tmp_path):
    engine = create_engine(f"sqlite:///{tmp_path / 'verse.db'}")
    yield engine
    engine.dispose()


def test_health_tells_the_database(client):
    response = client.get("/health")
    assert response.status_code == 200
    assert response.json()["status"] == "ok"
    assert response.json()["database"] in {"sqlite", "postgresql"}


def test_health_tells_when_the_database_is_gone(client, monkeypatch):
    class Broken:
        def execute(self, statement):
            raise OperationalError("SELECT 1", {}, Exception("connection refused"))

    app.dependency_overrides[get_db] = lambda: Broken()
    response = client.get("/health")
    app.dependency_overrides.clear()
    assert response.status_code == 503
    assert response.json() == {"status": "unavailable", "database": "OperationalError"}


def test_the_server_creates_the_tables(file_engine, monkeypatch):
    monkeypatch.setattr(main, "engine", file_engine)
    monkeypatch.setattr(main, "SessionLocal", sessionmaker(bind=file_engine))
    with TestClient(app) as client:
        assert client.get("/openapi.json").json()["info"]["title"] == "Verse"
    with file_engine.connect() as connection:
        assert connection.scalar(select(func.count()).select_from(User)) == 0


def test_the_server_deletes_expired_codes(file_engine, monkeypatch):
    factory = sessionmaker(bind=file_engine)
    Base.metadata.create_all(bind=file_engine)
    with factory() as db:
        user = User(public_id="reader")
        db.add(user)
        db.flush()
        db.add(LinkCode(user_id=user.id, code_hash="h", expires_at=now()))
        db.commit()
    monkeypatch.setattr(main, "engine", file_engine)
    monkeypatch.setattr(main, "SessionLocal", factory)
    with TestClient(app):
        pass
    with factory() as db:
        assert db.query(LinkCode).count() == 0


def test_slow_statements_are_logged(db, monkeypatch, caplog):
    monkeypatch.setattr(settings, "slow_query_ms", 0)
    with caplog.at_level(logging.WARNING, logger="verse.database"):
        db.execute(text("SELECT\n 40 + 2"))
    assert "ms: SELECT 40 + 2" in caplog.text


def test_quick_statements_are_not(db, monkeypatch, caplog):
    monkeypatch.setattr(settings, "slow_query_ms", 60_000)
    db.execute(text("SELECT 40 + 2"))
    assert "slow query" not in caplog.text


def test_seed_makes_a_reader_with_a_history(file_engine, monkeypatch, capsys):
    factory = sessionmaker(bind=file_engine, autoflush=False)
    monkeypatch.setattr(seed, "engine", file_engine)
    monkeypatch.setattr(seed, "SessionLocal", factory)
    seed.main()
    assert len(capsys.readouterr().out.strip()) == 43
    with factory() as db:
        assert db.query(InsightMessage).count() == 6
        assert db.query(ConversationMessage).count() == 6


def add_messages(db, user_id, count):
    conversation = chat.start(db, user_id, "Old")
    for number in range(count):
        db.add(ConversationMessage(conversation_id=conversation.id, role="user", content=f"message {number}"))
    db.add(ConversationMessage(conversation_id=conversation.id, role="assistant", content="answer"))
    db.commit()


@pytest.mark.asyncio
async def test_backfill_works_in_batches(db, reader, capsys):
    add_messages(db, reader.id, 5)
    updated = await backfill_embeddings.backfill(db, ConversationMessage, LocalEmbeddings(), batch_size=2)
    assert updated == 5
    assert capsys.readouterr().out.splitlines() == [f"conversation_messages: {n}" for n in (2, 4, 5)]
    assert db.query(ConversationMessage).filter(ConversationMessage.embedding.is_(None)).count() == 1


def test_the_backfill_script_takes_both_kinds(file_engine, monkeypatch):
    factory = sessionmaker(bind=file_engine)
    Base.metadata.create_all(bind=file_engine)
    with factory() as db:
        user = User(public_id="reader")
        db.add(user)
        db.flush()
        add_messages(db, user.id, 3)
    monkeypatch.setattr(backfill_embeddings, "SessionLocal", factory)
    assert asyncio.run(backfill_embeddings.main()) == 3
    assert asyncio.run(backfill_embeddings.main()) == 0


def test_links_survive_an_empty_table(db):
    assert links.delete_expired_codes(db) == 0
