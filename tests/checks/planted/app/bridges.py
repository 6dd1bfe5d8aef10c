"""Event loops inside of event loops."""

import asyncio

from celery import shared_task

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
