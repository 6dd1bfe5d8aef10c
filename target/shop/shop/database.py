"""The engine, its sessions, and how long a transaction lasts."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from sqlalchemy.engine import URL, make_url
from sqlalchemy.ext.asyncio import AsyncAttrs, AsyncSession, async_sessionmaker, create_async_engine
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

from shop.config import settings


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


engine = create_async_engine(async_url(settings.database_url), echo=settings.sql_echo, pool_pre_ping=True)
SessionLocal = async_sessionmaker(bind=engine, autoflush=False, expire_on_commit=False)


class Base(AsyncAttrs, DeclarativeBase):
    id: Mapped[int] = mapped_column(primary_key=True)


async def get_db() -> AsyncIterator[AsyncSession]:
    """One session for each request."""
    db = SessionLocal()
    try:
        yield db
    finally:
        await db.close()


@asynccontextmanager
async def unit_of_work(db: AsyncSession) -> AsyncIterator[AsyncSession]:
    """Commit all that the block did, or nothing of it."""
    try:
        yield db
        await db.commit()
    except Exception:
        await db.rollback()
        raise
