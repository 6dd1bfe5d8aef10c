"""Event loops inside of event loops."""

import asyncio

from .database import SessionLocal
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
