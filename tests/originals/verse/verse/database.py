"""The engine, its sessions, and the log of slow statements."""

import logging
import time

from sqlalchemy import create_engine, event
from sqlalchemy.engine import URL, make_url
from sqlalchemy.orm import sessionmaker
from sqlalchemy.pool import StaticPool

from verse.config import settings

logger = logging.getLogger(__name__)


def engine_options(url: URL) -> dict:
    """How connections are pooled: SQLite in memory lives in a single one, a server gets a pool."""
    if url.get_backend_name() != "sqlite":
        return {
            "pool_size": settings.pool_size,
            "max_overflow": settings.max_overflow,
            "pool_recycle": settings.pool_recycle,
            "pool_pre_ping": True,
        }
    options = {"connect_args": {"check_same_thread": False}}
    if url.database in (None, "", ":memory:"):
        options["poolclass"] = StaticPool
    return options


engine = create_engine(settings.database_url, **engine_options(make_url(settings.database_url)))
SessionLocal = sessionmaker(bind=engine, autoflush=False)


@event.listens_for(engine, "connect")
def enforce_foreign_keys(connection, record):
    if engine.dialect.name == "sqlite":
        cursor = connection.cursor()
        cursor.execute("PRAGMA foreign_keys=ON")
        cursor.close()


@event.listens_for(engine, "before_cursor_execute")
def start_clock(connection, cursor, statement, parameters, context, executemany):
    context.started = time.perf_counter()


@event.listens_for(engine, "after_cursor_execute")
def log_slow_statement(connection, cursor, statement, parameters, context, executemany):
    milliseconds = (time.perf_counter() - context.started) * 1000
    if milliseconds >= settings.slow_query_ms:
        logger.warning("slow query, %.0f ms: %s", milliseconds, " ".join(statement.split()))


def get_db():
    """One session for each request."""
    db = SessionLocal()
    try:
        yield db
    finally:
        db.close()
