"""Accounts are shared with other products, and so bring sessions of their own along."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from functools import cache
from typing import Annotated

from fastapi import Depends
from sqlalchemy.engine import URL, make_url
from sqlalchemy.ext.asyncio import AsyncSession, async_sessionmaker, create_async_engine

from deeplearn.infrastructure.config import settings


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


@cache
def user_sessions() -> async_sessionmaker[AsyncSession]:
    engine = create_async_engine(async_url(settings.sync_database_url), pool_pre_ping=True)
    return async_sessionmaker(bind=engine, expire_on_commit=False)


@asynccontextmanager
async def user_session() -> AsyncIterator[AsyncSession]:
    """A session for a piece of work: committed at its end, rolled back when it fails."""
    session = user_sessions()()
    try:
        yield session
        await session.commit()
    except Exception:
        await session.rollback()
        raise
    finally:
        await session.close()


async def get_user_session() -> AsyncIterator[AsyncSession]:
    async with user_session() as session:
        yield session


UserSessionDependency = Annotated[AsyncSession, Depends(get_user_session, scope="function")]
