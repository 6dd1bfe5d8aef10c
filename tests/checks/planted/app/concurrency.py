"""One session in several tasks, kept, or used after the response."""

import asyncio

from fastapi import APIRouter, BackgroundTasks, Depends
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from .database import SessionLocal, get_session
from .models import Author

router = APIRouter()
shared = None


async def connect():
    global shared
    shared = SessionLocal()  # AS602 in a global variable


async def gathered(session: AsyncSession):
    return await asyncio.gather(
        session.get(Author, 1),  # AS601 in gather()
        session.get(Author, 2),  # AS601 in gather()
    )


async def rename(session: AsyncSession, key: int):
    author = await session.get_one(Author, key)
    author.name = "x"


async def rename_all(session: AsyncSession):
    await asyncio.gather(*[rename(session, key) for key in range(3)])  # AS601 in tasks made of a comprehension


async def remove(session, key):
    await session.delete(await session.get_one(Author, key))


async def remove_both():
    async with SessionLocal() as session, asyncio.TaskGroup() as group:  # AS703 writes of tasks
        group.create_task(remove(session, 1))  # AS601 in a task group
        group.create_task(remove(session, 2))


async def startup(context):
    session = SessionLocal()  # AS602 kept in a worker's context
    context["session"] = session


async def index(session: AsyncSession, key: int):
    await session.scalars(select(Author).where(Author.id == key))


@router.post("/concurrency/{key}")
async def save(key: int, tasks: BackgroundTasks, session: AsyncSession = Depends(get_session)):
    tasks.add_task(index, session, key)  # AS603 a background task


@router.post("/concurrency/task/{key}")
async def save_later(key: int, session: AsyncSession = Depends(get_session)):
    asyncio.create_task(index(session, key))  # AS603 a task that nobody awaits
