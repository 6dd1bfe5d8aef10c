"""Engines, sessions, and the state of the environment."""

import logging
import time
from types import TracebackType
from typing import Any

from pydantic import BaseModel
from sqlalchemy import event, text
from sqlalchemy.engine import URL, make_url
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.ext.asyncio import (
    AsyncEngine,
    AsyncSession,
    async_sessionmaker,
    create_async_engine,
)

from deeplearn.infrastructure.config import Settings
from deeplearn.infrastructure.models import Base

logger = logging.getLogger(__name__)


class EnvironmentStatus(BaseModel):
    is_healthy: bool
    database: str
    problems: list[str] = []


class DatabaseSessionContext:
    """A session for a piece of work: committed at its end, rolled back when it fails."""

    def __init__(self, factory: async_sessionmaker[AsyncSession]) -> None:
        self._factory = factory

    async def __aenter__(self) -> AsyncSession:
        self._session = self._factory()
        return self._session

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        try:
            if error is None:
                await self._session.commit()
            else:
                await self._session.rollback()
        finally:
            await self._session.close()


def async_url(url: str | URL) -> URL:
    """The URL of the same database, with its async driver."""
    url = make_url(url)
    drivers = {
        "sqlite": "sqlite+aiosqlite",
        "sqlite+pysqlite": "sqlite+aiosqlite",
        "postgresql": "postgresql+asyncpg",
        "postgresql+psycopg2": "postgresql+asyncpg",
    }
    url = url.set(drivername=drivers.get(url.drivername, url.drivername))
    if url.drivername == "postgresql+asyncpg" and "sslmode" in url.query:
        # What libpq calls sslmode is ssl for asyncpg.
        ssl = url.query["sslmode"]
        url = url.difference_update_query(["sslmode"]).update_query_dict({"ssl": ssl})
    return url


class InfrastructureService:
    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        self._engine: AsyncEngine | None = None
        self._async_engine: AsyncEngine | None = None

    def initialize(self) -> None:
        """Make the engines; doing it again changes nothing."""
        if self._engine is not None:
            return
        options = engine_options(self.settings)
        self._engine = create_async_engine(async_url(self.settings.sync_database_url), **options)
        self._sessions = async_sessionmaker(bind=self._engine, autoflush=False, expire_on_commit=False)
        self._async_engine = create_async_engine(self.settings.async_database_url, **options)
        self._async_sessions = async_sessionmaker(bind=self._async_engine, autoflush=False, expire_on_commit=False)
        listen(self._engine, self.settings)
        listen(self._async_engine, self.settings)

    @property
    def engine(self) -> AsyncEngine:
        if self._engine is None:
            raise RuntimeError("the infrastructure is not initialized")
        return self._engine

    async def create_tables(self) -> None:
        async with self.engine.begin() as connection:
            await connection.run_sync(Base.metadata.create_all)

    def get_session_context(self) -> DatabaseSessionContext:
        self.initialize()
        return DatabaseSessionContext(self._sessions)

    def get_async_session_context(self) -> DatabaseSessionContext:
        self.initialize()
        return DatabaseSessionContext(self._async_sessions)

    async def validate_environment(self) -> EnvironmentStatus:
        """Whether the database answers."""
        self.initialize()
        name = self.engine.dialect.name
        try:
            async with self.engine.connect() as connection:
                await connection.execute(text("SELECT 1"))
        except (SQLAlchemyError, OSError) as error:
            return EnvironmentStatus(is_healthy=False, database=name, problems=[type(error).__name__])
        return EnvironmentStatus(is_healthy=True, database=name)

    async def shutdown(self) -> None:
        if self._engine is not None:
            await self._engine.dispose()
        if self._async_engine is not None:
            await self._async_engine.dispose()
        self._engine = self._async_engine = None


def engine_options(settings: Settings) -> dict[str, Any]:
    """A server gets a pool; of SQLite all threads may use one connection."""
    if make_url(settings.database_url).get_backend_name() == "sqlite":
        return {"connect_args": {"check_same_thread": False}}
    return {
        "pool_size": settings.pool_size,
        "max_overflow": settings.max_overflow,
        "pool_recycle": settings.pool_recycle,
        "pool_pre_ping": True,
    }


def listen(engine: AsyncEngine, settings: Settings) -> None:
    """Have SQLite mind foreign keys, and log what is slow."""

    @event.listens_for(engine.sync_engine, "connect")
    def mind_foreign_keys(connection: Any, record: Any) -> None:
        if engine.dialect.name == "sqlite":
            cursor = connection.cursor()
            cursor.execute("PRAGMA foreign_keys=ON")
            cursor.close()

    @event.listens_for(engine.sync_engine, "before_cursor_execute")
    def start_clock(connection: Any, cursor: Any, statement: str, parameters: Any, context: Any, many: bool) -> None:
        context.started = time.perf_counter()

    @event.listens_for(engine.sync_engine, "after_cursor_execute")
    def log_slow(connection: Any, cursor: Any, statement: str, parameters: Any, context: Any, many: bool) -> None:
        milliseconds = (time.perf_counter() - context.started) * 1000
        if milliseconds >= settings.slow_query_ms:
            logger.warning("slow query, %.0f ms: %s", milliseconds, " ".join(statement.split()))
