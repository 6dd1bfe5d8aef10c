"""The engine, its sessions, and the log of slow statements."""

import logging
import time

from sqlalchemy import event
from sqlalchemy.engine import URL, make_url
from sqlalchemy.ext.asyncio import async_sessionmaker, create_async_engine
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


def async_url(url: str | URL) -> URL:
    """The URL of the same database, with its async driver."""
    url = make_url(url)
    drivers = {
        "sqlite": "sqlite+aiosqlite",
        "sqlite+pysqlite": "sqlite+aiosqlite",
        "postgresql": "postgresql+psycopg",
        "postgresql+psycopg2": "postgresql+psycopg",
    }
    return url.set(drivername=drivers.get(url.drivername, url.drivername))


engine = create_async_engine(async_url(settings.database_url), **engine_options(make_url(settings.database_url)))
SessionLocal = async_sessionmaker(bind=engine, autoflush=False, expire_on_commit=False)


@event.listens_for(engine.sync_engine, "connect")
def enforce_foreign_keys(connection, record):
    if engine.dialect.name == "sqlite":
        cursor = connection.cursor()
        cursor.execute("PRAGMA foreign_keys=ON")
        cursor.close()


@event.listens_for(engine.sync_engine, "before_cursor_execute")
def start_clock(connection, cursor, statement, parameters, context, executemany):
    context.started = time.perf_counter()


@event.listens_for(engine.sync_engine, "after_cursor_execute")
def log_slow_statement(connection, cursor, statement, parameters, context, executemany):
    milliseconds = (time.perf_counter() - context.started) * 1000
    if milliseconds >= settings.slow_query_ms:
        logger.warning("slow query, %.0f ms: %s", milliseconds, " ".join(statement.split()))


async def get_db():
    """One session for each request."""
    db = SessionLocal()
    try:
        yield db
    finally:
        await db.close()
