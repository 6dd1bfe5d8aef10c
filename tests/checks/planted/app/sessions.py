"""Calls of sessions, connections, engines and transactions without await; each kind annotated and not."""

from sqlalchemy import select, text
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine, AsyncSession

from .database import SessionLocal, engine
from .models import Author


async def commit(session: AsyncSession):
    session.commit()  # AS201 a statement


async def commit_bare(session):
    session.commit()  # AS201 a statement, not annotated


async def rollback(session: AsyncSession):
    try:
        await session.flush()
    except ValueError:
        session.rollback()  # AS201 in a handler


async def rollback_bare(session):
    try:
        await session.flush()
    except ValueError:
        session.rollback()  # AS201 in a handler, not annotated


async def chained(session: AsyncSession):
    return session.execute(select(Author)).scalars().all()  # AS201 chained


async def chained_bare(session):
    return session.execute(select(Author)).scalars().all()  # AS201 chained, not annotated


async def assigned(session: AsyncSession):
    result = session.scalars(select(Author))  # AS201 assigned
    return result.all()


async def assigned_bare(session):
    result = session.scalars(select(Author))  # AS201 assigned, not annotated
    return result.all()


async def tested(session: AsyncSession, key: int):
    if session.get(Author, key):  # AS201 a condition
        return True
    return False


async def tested_bare(session, key):
    if session.get(Author, key):  # AS201 a condition, not annotated
        return True
    return False


async def flushed(session: AsyncSession, author: Author):
    session.add(author)
    session.flush()  # AS201 flush
    session.refresh(author)  # AS201 refresh
    session.delete(author)  # AS201 delete
    merged = session.merge(author)  # AS201 merge
    return merged.name


async def closed():
    session = SessionLocal()
    await session.commit()
    session.close()  # AS201 close, of a session made here


async def in_comprehension(session: AsyncSession):
    authors = [session.get(Author, n) for n in range(3)]  # AS201 in a comprehension
    return [author.name for author in authors]


async def in_text(session: AsyncSession):
    return f"{session.scalar(text('select 1'))}"  # AS201 in an f-string


async def compared(session: AsyncSession):
    return session.scalar(text("select 1")) == 1  # AS201 compared


async def on_connection(connection: AsyncConnection):
    connection.execute(text("select 1"))  # AS201 of a connection


async def on_connection_bare():
    async with engine.connect() as connection:
        connection.execute(text("select 1"))  # AS201 of a connection, not annotated


async def run_sync(connection: AsyncConnection, function):
    connection.run_sync(function)  # AS201 run_sync


async def disposed(pool: AsyncEngine):
    pool.dispose()  # AS201 of an engine


async def disposed_bare():
    engine.dispose()  # AS201 of an engine, not annotated


class Store:
    def __init__(self, session):
        self.session = session

    async def save(self):
        self.session.commit()  # AS201 through an attribute


async def callers():
    async with SessionLocal() as session:
        await commit_bare(session)
        await rollback_bare(session)
        await chained_bare(session)
        await assigned_bare(session)
        await tested_bare(session, 1)
        await Store(session).save()
