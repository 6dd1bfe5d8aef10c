"""What several requests of one reader must not do at the same time."""

import asyncio
from collections.abc import Awaitable, Callable
from functools import wraps
from typing import Concatenate, ParamSpec, TypeVar

from sqlalchemy import func, select
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncSession

from comic_pile.config import settings

QUEUE = 4201  # the first half of the key of PostgreSQL's advisory locks; the other is the user's id
DEADLOCKS = {"40001", "40P01"}  # serialization failure, deadlock detected

P = ParamSpec("P")
R = TypeVar("R")


async def lock_queue(db: AsyncSession, user_id: int) -> None:
    """Wait until nobody else changes this reader's queue; it is ours until the transaction ends."""
    if db.get_bind().dialect.name == "postgresql":
        await db.execute(select(func.pg_advisory_xact_lock(QUEUE, user_id)))


def is_deadlock(error: DBAPIError) -> bool:
    """Would the same work go through in a second attempt?"""
    state = getattr(error.orig, "sqlstate", None) or getattr(error.orig, "pgcode", None)
    return state in DEADLOCKS or "database is locked" in str(error.orig)


def delay(attempt: int) -> float:
    """How long to wait after an attempt: twice as long each time."""
    return settings.deadlock_delay * 2 ** (attempt - 1)


def retry_on_deadlock(work: Callable[Concatenate[AsyncSession, P], Awaitable[R]]) -> Callable[Concatenate[AsyncSession, P], Awaitable[R]]:
    """Do a piece of work again, in a new transaction, when the database could not decide whose turn it was."""

    @wraps(work)
    async def wrapper(db: AsyncSession, *args: P.args, **kwargs: P.kwargs) -> R:
        attempt = 1
        while True:
            try:
                return await work(db, *args, **kwargs)
            except DBAPIError as error:
                await db.rollback()
                if attempt >= settings.deadlock_attempts or not is_deadlock(error):
                    raise
            await asyncio.sleep(delay(attempt))
            attempt += 1

    return wrapper
