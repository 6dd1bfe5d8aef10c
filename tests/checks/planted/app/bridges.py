"""Event loops inside of event loops, and what else joins sync and async code."""

import asyncio
from functools import lru_cache
from threading import Thread

import greenback
import nest_asyncio
from awaitlet import awaitlet
from celery import shared_task
from sqlalchemy import event, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import Session

from .database import SessionLocal, engine
from .models import Author


async def load(key):
    async with SessionLocal() as session:
        return await session.get(Author, key)


def load_now(key):
    return asyncio.run(load(key))


def load_on_the_loop(key):
    return asyncio.get_event_loop().run_until_complete(load(key))


def deeper(key):
    return load_now(key)


async def run_below():
    return load_now(1)  # AS401 asyncio.run() below a running loop


async def run_until_complete_below():
    return load_on_the_loop(1)  # AS401 run_until_complete() below a running loop


async def run_deeper():
    return deeper(1)  # AS401 two calls deeper


async def run_here():
    return asyncio.run(load(1))  # AS401 asyncio.run() itself


@shared_task
def load_in_worker(key):
    return asyncio.run(load(key))  # AS402 a loop for each task of a worker


def load_all(keys):
    for key in keys:
        asyncio.run(load(key))  # AS402 a loop for each turn


def load_twice():
    asyncio.run(load(1))
    asyncio.run(load(2))  # AS402 a second loop


async def load_and_end(key):
    author = await load(key)
    await engine.dispose()
    return author


def load_all_by_themselves(keys):
    for key in keys:
        asyncio.run(load_and_end(key))


async def without_database():
    await asyncio.sleep(1)


@shared_task
def wait_in_worker():
    asyncio.run(without_database())


nest_asyncio.apply()  # AS405 loops may be nested


def commit_hidden(session: AsyncSession):
    greenback.await_(session.commit())  # AS405 a greenlet waits


def load_hidden(session, key):
    return awaitlet(session.get(Author, key))  # AS405 a greenlet waits, not annotated


class Dressed:  # AS403 a sync session behind async methods
    def __init__(self, session):
        self._session = session

    async def get(self, *arguments):
        return await asyncio.to_thread(self._session.get, *arguments)

    async def commit(self):
        await asyncio.to_thread(self._session.commit)


def dress(session: Session):
    return Dressed(session)


def names(session: Session):  # AS404 a sync twin
    rows = session.execute(select(Author.name))
    return [name for (name,) in rows]


async def names_async(session: AsyncSession):
    rows = await session.execute(select(Author.name))
    return [name for (name,) in rows]


def newest(session):
    return session.scalars(select(Author).order_by(Author.id.desc())).first()


def newest_name(session):
    return newest(session).name


async def in_run_sync(session: AsyncSession):
    return await session.run_sync(newest)  # AS406 a query in run_sync


async def deeper_in_run_sync():
    async with SessionLocal() as session:
        return await session.run_sync(newest_name)  # AS406 one call deeper, not annotated


async def lambda_in_run_sync(session: AsyncSession):
    return await session.run_sync(lambda sync: sync.get(Author, 1))  # AS406 a lambda that queries


async def rank(author):
    await asyncio.sleep(0)
    return author.id


async def sorted_by_coroutine(authors):
    return sorted(authors, key=rank)  # AS205 the key of a sort


async def filtered_by_coroutine(authors):
    return list(filter(rank, authors))  # AS205 the condition of a filter


@lru_cache  # AS205 a coroutine is remembered
async def remembered(key):
    return await load(key)


def in_thread(author):
    Thread(target=rank, args=(author,)).start()  # AS205 the target of a thread


@event.listens_for(engine.sync_engine, "connect")  # AS205 a listener
async def connected(connection, record):
    await asyncio.sleep(0)


async def sent_off(session: AsyncSession):
    await session.run_sync(load)  # AS205 a coroutine function in run_sync


async def done(task):
    await asyncio.sleep(0)


async def followed():
    task = asyncio.create_task(load(1))
    task.add_done_callback(done)  # AS205 a callback of a task
    asyncio.get_running_loop().call_later(5, done)  # AS205 a callback of the loop
    await task
