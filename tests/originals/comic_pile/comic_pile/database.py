"""The engine, its sessions, and what is told about slow statements."""

import logging
import time
from collections.abc import Iterator
from typing import Any

from sqlalchemy import create_engine, event, make_url
from sqlalchemy.orm import DeclarativeBase, Session, sessionmaker

from comic_pile.config import settings

log = logging.getLogger("comic_pile.sql")


class Base(DeclarativeBase):
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


engine = create_engine(settings.database_url, **engine_options(settings.database_url))
SessionLocal = sessionmaker(bind=engine)


@event.listens_for(engine, "connect")
def prepare_sqlite(connection, record):
    if engine.dialect.name == "sqlite":
        cursor = connection.cursor()
        cursor.execute("PRAGMA foreign_keys = ON")
        cursor.execute("PRAGMA journal_mode = WAL")
        cursor.execute("PRAGMA synchronous = NORMAL")
        cursor.execute("PRAGMA busy_timeout = 5000")
        cursor.close()


@event.listens_for(engine, "before_cursor_execute")
def start_watch(connection, cursor, statement, parameters, context, executemany):
    connection.info["started"] = time.perf_counter()


@event.listens_for(engine, "after_cursor_execute")
def stop_watch(connection, cursor, statement, parameters, context, executemany):
    taken = 1000 * (time.perf_counter() - connection.info.pop("started"))
    if taken >= settings.slow_query_ms:
        log.warning("slow statement, %.0f ms: %s", taken, " ".join(statement.split()))


def get_db() -> Iterator[Session]:
    """One session for each request."""
    with SessionLocal() as db:
        yield db
