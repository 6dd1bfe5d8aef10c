"""Coroutines of the project and of libraries without await."""

import asyncio
from typing import Protocol

import aiohttp
import httpx
from fastapi import APIRouter, Depends
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from .database import get_session
from .models import Author

router = APIRouter()


async def is_allowed(session: AsyncSession, name: str) -> bool:
    return await session.get(Author, name) is not None


async def notify(name: str) -> None:
    await asyncio.sleep(0)
    print(name)


class Repository:
    def __init__(self, session: AsyncSession) -> None:
        self.session = session

    async def load(self, key: int) -> Author | None:
        return await self.session.get(Author, key)

    async def remove_all(self) -> None:
        await self.session.rollback()


class Loader(Protocol):
    async def fetch_author(self, key: int) -> Author: ...


class RealLoader:
    def __init__(self, session):
        self.session = session

    async def fetch_author(self, key):
        return await self.session.get_one(Author, key)


async def statement(name: str):
    notify(name)  # AS202 a statement


async def in_condition(session: AsyncSession, name: str):
    if is_allowed(session, name):  # AS202 a condition that is always true
        return name
    return None


async def negated(session: AsyncSession, name: str):
    if not is_allowed(session, name):  # AS202 a negated condition
        raise PermissionError


async def with_or(session: AsyncSession, name: str, is_admin: bool):
    return is_admin or is_allowed(session, name)  # AS202 behind or


async def with_and(session: AsyncSession, name: str):
    if name and is_allowed(session, name):  # AS202 behind and
        return name
    return None


async def compared(repository: Repository):
    return repository.load(1) is None  # AS202 compared


async def attribute(repository: Repository):
    return repository.load(1).name  # AS202 an attribute of it


async def assigned(repository: Repository):
    author = repository.load(1)  # AS202 assigned and used
    return author.name


async def assigned_bare(repository):
    author = repository.load(1)  # AS202 assigned and used, not annotated
    return author.name


async def unpacked(session: AsyncSession):
    first, second = pair(session)  # AS202 unpacked
    return first, second


async def pair(session: AsyncSession):
    return await session.get(Author, 1), await session.get(Author, 2)


async def in_text(session: AsyncSession, name: str):
    return f"{name}: {is_allowed(session, name)}"  # AS202 in an f-string


async def iterated(session: AsyncSession):
    return [author for author in pair(session)]  # AS202 run through


async def as_argument(session: AsyncSession):
    print(pair(session))  # AS202 passed where a value is wanted


async def thrown_away(name: str):
    _ = notify(name)  # AS202 assigned to _


async def swallowed(repository: Repository):
    try:
        return repository.load(1).name  # AS202 swallowed by a broad except
    except Exception:
        return ""


async def through_protocol(loader: Loader):
    author = loader.fetch_author(1)  # AS202 through a Protocol
    return author.name


async def by_name(loader):
    author = loader.fetch_author(1)  # AS202 of an unknown object, by its name
    return author.name


def from_sync_code(name: str):
    notify(name)  # AS202 in a sync function


class Service:
    def __init__(self, repository: Repository) -> None:
        self.repository = repository

    async def clear(self):
        self.repository.remove_all()  # AS202 through an attribute


def get_repository(session: AsyncSession = Depends(get_session)) -> Repository:
    return Repository(session)


@router.get("/authors/{key}")
async def show(key: int, repository=Depends(get_repository)):
    author = repository.load(key)  # AS202 through Depends
    return {"name": author.name}


async def collected(names):
    made = [notify(name) for name in names]  # AS202 collected in a list
    return len(made)


async def pause():
    asyncio.sleep(1)  # AS203 a library's coroutine


async def client():
    session = aiohttp.ClientSession()
    await asyncio.sleep(0)
    session.close()  # AS203 a client that is never closed


async def callers(session: AsyncSession):
    await assigned_bare(Repository(session))


def shout(text: str) -> list[str]:
    return text.upper().split()


async def awaited_value(text: str):
    return await shout(text)  # AS204 await on what is no coroutine


async def awaited_statement(session: AsyncSession):
    statement = await select(Author)  # AS204 await on a statement
    return await session.scalar(statement)


async def awaited_result(session: AsyncSession):
    result = await session.execute(select(Author))
    return await result.scalars().all()  # AS204 await on a result


async def awaited_add(session: AsyncSession, author: Author):
    await session.add(author)  # AS204 await on what only notes
    await session.commit()


async def awaited_client(url: str):
    return await httpx.get(url)  # AS204 await on a sync client


async def awaited_method(session: AsyncSession):
    await session.commit  # AS204 a method that is not called


@router.get("/sync")
def answered(key: int, session: AsyncSession):
    return session.get(Author, key)  # AS201 returned by a sync route


async def in_thread():
    await asyncio.to_thread(notify, "x")  # AS202 a coroutine function in a thread


async def in_executor():
    await asyncio.get_running_loop().run_in_executor(None, notify, "x")  # AS202 a coroutine function in an executor


async def buffered(session: AsyncSession):
    return [author.name async for author in await session.scalars(select(Author))]  # AS106 async for over rows


async def streamed(session: AsyncSession):
    for row in await session.stream(select(Author)):  # AS106 for over a stream
        print(row)


async def rightly_streamed(session: AsyncSession):
    async for row in await session.stream(select(Author)):
        print(row)


class Shelf:
    def __init__(self, session: AsyncSession):
        self.session = session

    @property
    async def size(self):
        return await self.session.scalar(select(Author.id))


async def full(shelf: Shelf):
    if shelf.size > 3:  # AS202 an async property
        return True
    return await shelf.size
