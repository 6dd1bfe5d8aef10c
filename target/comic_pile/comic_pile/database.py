"""The engine, its sessions, and what is told about slow statements."""

import logging
import time
from collections.abc import AsyncIterator
from typing import Any

from sqlalchemy import event, make_url
from sqlalchemy.engine import URL
from sqlalchemy.ext.asyncio import AsyncAttrs, AsyncSession, async_sessionmaker, create_async_engine
from sqlalchemy.orm import DeclarativeBase

from comic_pile.config import settings

log = logging.getLogger("comic_pile.sql")


class Base(AsyncAttrs, DeclarativeBase):
    pass


def engine_options(url: str) -> dict[str, Any]:
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
SessionLocal = async_sessionmaker(bind=engine, expire_on_commit=False)


@event.listens_for(engine.sync_engine, "connect")
def prepare_sqlite(connection, record):
    if engine.dialect.name == "sqlite":
        cursor = connection.cursor()
        cursor.execute("PRAGMA foreign_keys = ON")
        cursor.execute("PRAGMA journal_mode = WAL")
        cursor.execute("PRAGMA synchronous = NORMAL")
        cursor.execute("PRAGMA busy_timeout = 5000")
        cursor.close()


@event.listens_for(engine.sync_engine, "before_cursor_execute")
def start_watch(connection, cursor, statement, parameters, context, executemany):
    connection.info["started"] = time.perf_counter()


@event.listens_for(engine.sync_engine, "after_cursor_execute")
def stop_watch(connection, cursor, statement, parameters, context, executemany):
    taken = 1000 * (time.perf_counter() - connection.info.pop("started"))
    if taken >= settings.slow_query_ms:
        log.warning("slow statement, %.0f ms: %s", taken, " ".join(statement.split()))


async def get_db() -> AsyncIterator[AsyncSession]:
    """One session for each request."""
    async with SessionLocal() as db:
        yield db
