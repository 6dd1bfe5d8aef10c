"""Nothing is wrong here."""

import asyncio
import time
import zipfile
from collections.abc import Awaitable, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from datetime import datetime
from io import BytesIO
from pathlib import Path

from fastapi import APIRouter, BackgroundTasks, Depends, FastAPI
from pydantic import BaseModel
from sqlalchemy import event, func, select, text
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import Session, joinedload, selectinload

from .database import SessionLocal, engine, get_session
from .models import Author, Base, Book, Invoice

router = APIRouter()


async def load(session: AsyncSession, key: int) -> Author | None:
    return await session.get(Author, key, options=[selectinload(Author.books)])


def later(session: AsyncSession, key: int) -> Awaitable[Author | None]:
    return load(session, key)


async def both(key: int):
    async def one():
        async with SessionLocal() as session:
            return await load(session, key)

    return await asyncio.gather(one(), one())


async def task(key: int):
    async with SessionLocal() as session:
        made = asyncio.create_task(load(session, key))
        return await made


async def kept_for_later(session: AsyncSession):
    coroutine = load(session, 1)
    author = await coroutine
    return author.books if author else []


async def chosen(session: AsyncSession, slow: bool):
    return await (later(session, 1) if slow else load(session, 2))


async def with_timeout(session: AsyncSession):
    async with asyncio.timeout(1):
        return await asyncio.wait_for(load(session, 1), 1)


async def called_back(callback: Callable[[], Awaitable[None]]):
    await callback()


async def partly(session: AsyncSession):
    await called_back(lambda: session.commit())


async def plain_methods(session: AsyncSession, author: Author):
    session.add(author)
    session.add_all([author])
    session.expunge(author)
    return author in session, session.is_active, session.new


async def saved(session: AsyncSession, name: str):
    author = Author(name=name)
    session.add(author)
    await session.commit()
    await session.refresh(author)
    return author.name


async def rolled_back(session: AsyncSession, author: Author):
    name = author.name
    await session.rollback()
    return name


async def transaction():
    async with SessionLocal() as session, session.begin():
        return (await session.execute(select(func.count(Book.id)))).scalar_one()


async def streamed(session: AsyncSession):
    async for author in await session.stream_scalars(select(Author)):
        print(author.name)


async def eager(session: AsyncSession):
    books = (await session.scalars(select(Book).options(joinedload(Book.author)))).all()
    return [book.author.name for book in books]


async def awaited_attribute(session: AsyncSession):
    author = await session.get_one(Author, 1, options=[selectinload(Author.books)])
    return [book.title for book in author.books]


def fill(session: Session) -> None:
    session.add(Author(name="Ada"))
    session.expunge_all()


async def inside(session: AsyncSession):
    await session.run_sync(fill)


async def create_tables():
    async with engine.begin() as connection:
        await connection.run_sync(Base.metadata.create_all)


@event.listens_for(engine.sync_engine, "connect")
def configure(connection, record):
    cursor = connection.cursor()
    cursor.execute("pragma foreign_keys = on")
    cursor.close()


async def stack():
    async with AsyncExitStack() as stack:
        session = await stack.enter_async_context(SessionLocal())
        await session.commit()


async def in_thread(path: Path):
    return await asyncio.to_thread(path.read_text)


def sleeps_in_a_thread():
    time.sleep(1)


async def runs_it():
    await asyncio.to_thread(sleeps_in_a_thread)


async def notify(key: int):
    async with SessionLocal() as session:
        await load(session, key)


@router.get("/clean/{key}")
async def show(key: int, tasks: BackgroundTasks, session: AsyncSession = Depends(get_session)):
    tasks.add_task(notify, key)
    if await load(session, key) is None:
        return {}
    return {"key": key}


if __name__ == "__main__":
    asyncio.run(create_tables())


def unpacked(content: bytes) -> list[str]:
    return zipfile.ZipFile(BytesIO(content)).namelist()


async def upload(content: bytes):
    return unpacked(content)


async def read_settings():
    return Path("settings.toml").read_text()


@asynccontextmanager
async def lifespan(app: FastAPI):
    app.state.settings = await read_settings()
    yield
    await engine.dispose()


app = FastAPI(lifespan=lifespan)


async def commits():
    async with SessionLocal() as session:
        session.add(Author(name="Ada"))
        await session.commit()


async def finish(session: AsyncSession):
    await session.commit()


async def commits_elsewhere():
    async with SessionLocal() as session:
        session.add(Author(name="Ada"))
        await finish(session)


async def begins():
    async with SessionLocal() as session, session.begin():
        session.add(Author(name="Ada"))


async def begins_at_once():
    async with SessionLocal.begin() as session:
        session.add(Author(name="Ada"))


class Adder:
    def __init__(self, session: AsyncSession):
        self.session = session

    async def add(self):
        self.session.add(Author(name="Ada"))
        await self.session.commit()


async def kept_by_an_object():
    async with SessionLocal() as session:
        session.add(Author(name="Ada"))
        await Adder(session).add()


async def again():
    async with SessionLocal() as session:
        await session.get(Author, 1)
    async with SessionLocal() as session:
        session.add(Author(name="Ada"))
        await session.commit()


async def by_key(session: AsyncSession, key: int):
    return (await session.execute(select(Author).where(Author.id == key))).scalar_one()


async def any_of_name(session: AsyncSession, name: str):
    result = await session.execute(select(Author).where(Author.name == name).limit(1))
    return result.scalar_one_or_none()


async def counted(session: AsyncSession, name: str):
    return (await session.execute(select(func.count()).where(Author.name == name))).scalar_one()


async def chosen_by(session: AsyncSession, conditions):
    return (await session.execute(select(Author).where(*conditions))).scalar_one_or_none()


async def by_constraint(session: AsyncSession, amount: int, changed: datetime):
    statement = select(Invoice).where(Invoice.amount == amount, Invoice.changed == changed)
    return (await session.scalars(statement)).one()


async def by_relationship(session: AsyncSession, author: Author):
    return (await session.scalars(select(Book).filter_by(author=author))).one_or_none()


class AuthorOut(BaseModel):
    id: int
    books: list[int]


@router.get("/authors/{key}", response_model=AuthorOut)
async def awaited_before(key: int, session: AsyncSession = Depends(get_session)):
    author = await session.get_one(Author, key)
    await author.awaitable_attrs.books
    return author


pending = {}


async def wait_later(key):
    pending[key] = asyncio.create_task(asyncio.sleep(1))
    pending[key].add_done_callback(lambda done: pending.pop(key, None))


async def stored(session: AsyncSession):
    try:
        await session.flush()
    except ValueError:
        await session.rollback()
        return False
    return True


async def store_or_refuse(session: AsyncSession, author: Author):
    if not await stored(session):
        raise KeyError("refused")
    return author.name
