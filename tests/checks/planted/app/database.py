from collections.abc import AsyncIterator

from sqlalchemy.ext.asyncio import AsyncSession, async_sessionmaker, create_async_engine

engine = create_async_engine("sqlite+aiosqlite://")
SessionLocal = async_sessionmaker(engine, expire_on_commit=False)
Expiring = async_sessionmaker(engine)  # AS303 a factory without expire_on_commit


async def get_session() -> AsyncIterator[AsyncSession]:
    async with SessionLocal() as session:
        yield session


plain = create_async_engine("postgresql://localhost/app")  # AS107 a URL without an async driver
psycopg2 = create_async_engine("postgresql+psycopg2://localhost/app")  # AS107 a sync driver
