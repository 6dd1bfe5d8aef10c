"""What needs no database."""

import pytest
from pydantic import ValidationError
from sqlalchemy.engine import make_url
from sqlalchemy.pool import StaticPool

from verse.clients.embedding import DIMENSIONS, embedding_of, similarity, words
from verse.config import Settings
from verse.database import engine_options
from verse.schemas import Export, MessageCreate, PassageAsk
from verse.services.chat import TITLE_LENGTH, title_of
from verse.services.tokens import ALPHABET, digest, new_code, new_token, normalized


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("The Light of the world", ["light", "world"]),
        ("", []),
        ("What is this?", []),
        ("God's word", ["god's", "word"]),
    ],
)
def test_words(text, found):
    assert words(text) == found


def test_an_embedding_has_length_one():
    vector = embedding_of("light shineth in darkness")
    assert len(vector) == DIMENSIONS
    assert similarity(vector, vector) == pytest.approx(1, abs=1e-4)


def test_no_words_are_like_nothing():
    assert similarity(embedding_of("the"), embedding_of("light")) == 0


def test_similar_texts_are_near():
    question = embedding_of("Where is comfort in grief?")
    near, far = embedding_of("comfort and grief"), embedding_of("feeding the poor")
    assert similarity(question, near) > similarity(question, far)


def test_codes_are_legible_and_differ():
    first, second = new_code(), new_code()
    assert first != second
    assert [len(part) for part in first.split("-")] == [4, 4, 4]
    assert set(first) - {"-"} <= set(ALPHABET)


@pytest.mark.parametrize("typed", ["ABCD-EFGH-JKLM", "abcd-efgh-jklm", " abcdefghjklm ", "ABCD EFGH JKLM"])
def test_codes_may_be_typed_freely(typed):
    assert normalized(typed) == "ABCD-EFGH-JKLM"


def test_only_a_digest_is_kept():
    token = new_token()
    assert token not in digest(token)
    assert digest(token) == digest(token) != digest(new_token())


@pytest.mark.parametrize(
    ("text", "title"),
    [("Why?", "Why?"), ("  two\n lines ", "two lines"), ("x" * TITLE_LENGTH, "x" * TITLE_LENGTH)],
)
def test_titles(text, title):
    assert title_of(text) == title


def test_a_long_title_is_cut():
    title = title_of("word " * 50)
    assert len(title) <= TITLE_LENGTH
    assert title.endswith("word…")


@pytest.mark.parametrize(
    ("url", "migrations"),
    [
        ("sqlite:///verse.db", "sqlite:///verse.db"),
        ("sqlite+aiosqlite:///verse.db", "sqlite:///verse.db"),
        ("postgresql+psycopg://u:secret@db/verse", "postgresql+psycopg://u:secret@db/verse"),
        ("postgresql+asyncpg://u:secret@db/verse", "postgresql+psycopg://u:secret@db/verse"),
    ],
)
def test_migrations_are_synchronous(url, migrations):
    assert Settings(database_url=url).migration_url == migrations


def test_settings_come_from_the_environment(monkeypatch):
    monkeypatch.setenv("POOL_SIZE", "3")
    monkeypatch.setenv("SLOW_QUERY_MS", "0.5")
    settings = Settings()
    assert (settings.pool_size, settings.slow_query_ms) == (3, 0.5)


@pytest.mark.parametrize(("name", "value"), [("POOL_SIZE", "0"), ("TOKEN_DAYS", "-1"), ("MAX_LINK_CODES", "many")])
def test_wrong_settings_are_refused(monkeypatch, name, value):
    monkeypatch.setenv(name, value)
    with pytest.raises(ValidationError):
        Settings()


def test_memory_is_one_connection():
    assert engine_options(make_url("sqlite://"))["poolclass"] is StaticPool
    assert "poolclass" not in engine_options(make_url("sqlite:///verse.db"))


def test_a_server_gets_a_pool():
    options = engine_options(make_url("postgresql+psycopg://db/verse"))
    assert (options["pool_size"], options["max_overflow"], options["pool_pre_ping"]) == (10, 20, True)


@pytest.mark.parametrize("content", ["", "   ", "nul \x00 here", "x" * 4001])
def test_messages_that_are_refused(content):
    with pytest.raises(ValidationError):
        MessageCreate(content=content)


def test_texts_are_stripped():
    assert PassageAsk(reference=" John 1 ").reference == "John 1"


def test_exports_of_another_version_are_refused():
    with pytest.raises(ValidationError):
        Export.model_validate({"version": 2})
