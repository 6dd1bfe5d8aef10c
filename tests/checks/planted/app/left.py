"""What is left from before."""

from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager

from fastapi import APIRouter, Depends, FastAPI
from sqlalchemy import create_engine, inspect, select, text
from sqlalchemy.ext.asyncio import AsyncEngine, AsyncSession
from sqlalchemy.orm import Session, sessionmaker

from .database import SessionLocal, engine, get_session
from .models import Author, Base

sync_engine = create_engine("sqlite://")
SyncLocal = sessionmaker(sync_engine)
router = APIRouter()
app = FastAPI()


async def query(session: AsyncSession):
    return session.query(Author).all()  # AS101 query()


async def query_bare(session):
    return session.query(Author).first()  # AS101 query(), not annotated


class Store:
    def __init__(self, session):
        self.session = session

    async def count(self):
        return self.session.query(Author).count()  # AS101 query() through an attribute


async def sync_session():
    with SyncLocal() as session:
        return session.execute(text("select 1")).scalar()  # AS102 a sync session


async def sync_session_annotated(session: Session):
    return session.get(Author, 1)  # AS102 a sync session, annotated


def load_all(session):
    return session.scalars(select(Author)).all()


async def sync_session_deeper():
    with SyncLocal() as session:
        return load_all(session)  # AS102 a sync session, one call deeper


async def sync_connection():
    with sync_engine.connect() as connection:  # AS102 a sync engine
        connection.execute(text("select 1"))  # AS102 a sync connection


async def handed_to_sync(session: AsyncSession):
    clear(session)  # AS103 a sync function is given an async session


def clear(session: Session) -> None:
    session.execute(text("delete from author"))


def sync_main():
    with SyncLocal() as session:
        clear(session)


async def facade(session: AsyncSession):
    session.sync_session.commit()  # AS104 the sync session below


def facade_of_engine(pool: AsyncEngine):
    pool.sync_engine.dispose()  # AS104 the sync engine below


async def bind(session: AsyncSession):
    return session.get_bind()  # AS104 get_bind()


def get_sync_session() -> Iterator[Session]:
    with SyncLocal() as session:
        yield session  # AS105 a sync override of an async dependency


app.dependency_overrides[get_session] = get_sync_session


async def sync_with():
    with SessionLocal() as session:  # AS106 with instead of async with
        return session


async def sync_with_begin():
    with engine.begin() as connection:  # AS106 with over an async connection
        return connection


async def next_of_generator():
    session = next(get_session())  # AS106 next() on an async generator
    await session.commit()


async def loop():
    for session in get_session():  # AS106 for over an async generator
        await session.commit()


@asynccontextmanager
async def scope() -> AsyncIterator[AsyncSession]:
    async with SessionLocal() as session:
        yield session


@router.get("/")
async def route(session: AsyncSession = Depends(scope)):  # AS106 a context manager given to Depends
    await session.commit()


async def sync_scope():
    with scope() as session:  # AS106 with over an async context manager
        await session.commit()


async def callers():
    async with SessionLocal() as session:
        await query_bare(session)
        await Store(session).count()


async def bulk(session: AsyncSession):
    session.bulk_save_objects([Author(name="Ada")])  # AS101 a bulk call


async def tables(pool: AsyncEngine):
    return inspect(pool).get_table_names()  # AS104 inspect() of an async engine


@router.get("/left/sync")
async def sync_dependency(session: AsyncSession = Depends(get_sync_session)):  # AS105 a dependency that gives a sync one
    await session.commit()
