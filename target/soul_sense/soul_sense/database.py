"""The engine, its sessions, and what is told about slow statements."""

import logging
import time

from sqlalchemy import event, make_url
from sqlalchemy.engine import URL
from sqlalchemy.ext.asyncio import AsyncAttrs, async_sessionmaker, create_async_engine
from sqlalchemy.orm import declarative_base

from soul_sense.config import settings

log = logging.getLogger("soul_sense.sql")
Base = declarative_base(cls=AsyncAttrs)


def engine_options(url):
    """How connections to a database are kept. SQLite is a file beside us and needs none of it."""
    if make_url(url).get_backend_name() == "sqlite":
        return {}
    return {
        "pool_size": settings.pool_size,
        "max_overflow": settings.max_overflow,
        "pool_timeout": settings.pool_timeout,
        "pool_recycle": settings.pool_recycle,
        "pool_pre_ping": True,
    }


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


engine = create_async_engine(async_url(settings.database_url), **engine_options(settings.database_url))
SessionLocal = async_sessionmaker(autocommit=False, autoflush=False, bind=engine, expire_on_commit=False)


def prepare_sqlite(connection, record):
    """Foreign keys are looked after, readers and a writer do not wait for each other."""
    cursor = connection.cursor()
    cursor.execute("PRAGMA foreign_keys = ON")
    cursor.execute("PRAGMA journal_mode = WAL")
    cursor.execute("PRAGMA synchronous = NORMAL")
    cursor.execute("PRAGMA busy_timeout = 5000")
    cursor.close()


if engine.dialect.name == "sqlite":
    event.listen(engine.sync_engine, "connect", prepare_sqlite)


@event.listens_for(engine.sync_engine, "before_cursor_execute")
def start_watch(connection, cursor, statement, parameters, context, executemany):
    context.started = time.perf_counter()


@event.listens_for(engine.sync_engine, "after_cursor_execute")
def stop_watch(connection, cursor, statement, parameters, context, executemany):
    taken = 1000 * (time.perf_counter() - context.started)
    if taken >= settings.slow_query_ms:
        log.warning("slow statement, %.0f ms: %s", taken, " ".join(statement.split()))


async def get_db():
    """One session for each request, or for whoever takes the next one."""
    db = SessionLocal()
    try:
        yield db
    finally:
        await db.close()
