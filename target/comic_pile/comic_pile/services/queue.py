"""The queue: the active threads of a reader, at the positions 1, 2, 3 and so on."""

from collections.abc import Iterable, Sequence
from datetime import timedelta

from sqlalchemy import func, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from comic_pile.clock import now
from comic_pile.config import settings
from comic_pile.errors import Conflict, NotFound
from comic_pile.models import Thread, ThreadStatus
from comic_pile.services.locking import lock_queue, retry_on_deadlock
from comic_pile.services.sheets import Row


async def active(db: AsyncSession, user_id: int) -> Sequence[Thread]:
    """The queue, from the front."""
    statement = (
        select(Thread)
        .where(Thread.user_id == user_id, Thread.status == ThreadStatus.ACTIVE)
        .order_by(Thread.position, Thread.id)
    )
    return (await db.scalars(statement)).all()


async def threads(db: AsyncSession, user_id: int, status: ThreadStatus | None, text: str | None) -> list[Thread]:
    """All threads of a reader, those in the queue first."""
    query = select(Thread).where(Thread.user_id == user_id)
    if status is not None:
        query = query.where(Thread.status == status)
    if text:
        query = query.where(Thread.title.icontains(text, autoescape=True))
    return (await db.scalars(query.order_by(Thread.status, Thread.position, Thread.id))).all()


async def stale(db: AsyncSession, user_id: int, days: int = settings.stale_days) -> Sequence[Thread]:
    """Active threads that nobody has read for some days, the longest forgotten first."""
    touched = func.coalesce(Thread.last_read_at, Thread.created_at)
    statement = (
        select(Thread)
        .where(Thread.user_id == user_id, Thread.status == ThreadStatus.ACTIVE, touched < now() - timedelta(days=days))
        .order_by(touched, Thread.id)
    )
    return (await db.scalars(statement)).all()


async def thread(db: AsyncSession, user_id: int, thread_id: int) -> Thread:
    """A thread of this reader; somebody else's is not there at all."""
    found = await db.get(Thread, thread_id)
    if found is None or found.user_id != user_id:
        raise NotFound("no such thread")
    return found


async def length(db: AsyncSession, user_id: int) -> int:
    statement = select(func.count()).where(Thread.user_id == user_id, Thread.status == ThreadStatus.ACTIVE)
    return await db.scalar(statement) or 0


@retry_on_deadlock
async def add(db: AsyncSession, user_id: int, title: str, format: str, issues_left: int, notes: str) -> Thread:
    """A new thread, at the end of the queue."""
    await lock_queue(db, user_id)
    new = Thread(user_id=user_id, title=title, format=format, issues_left=issues_left, notes=notes)
    new.position = await length(db, user_id) + 1
    db.add(new)
    await db.commit()
    return new


async def change(db: AsyncSession, user_id: int, thread_id: int, changes: dict[str, str | int]) -> Thread:
    found = await thread(db, user_id, thread_id)
    for name, value in changes.items():
        setattr(found, name, value)
    await db.commit()
    return found


@retry_on_deadlock
async def remove(db: AsyncSession, user_id: int, thread_id: int) -> None:
    await lock_queue(db, user_id)
    found = await thread(db, user_id, thread_id)
    await leave(db, found)
    await db.delete(found)
    await db.commit()


async def leave(db: AsyncSession, found: Thread) -> None:
    """Take a thread out of the queue; those behind it move up. Nothing is committed."""
    if found.status == ThreadStatus.ACTIVE:
        await _shift(db, found.user_id, found.position + 1, None, by=-1)


async def finish(db: AsyncSession, found: Thread) -> None:
    """Put a thread away that is read to its end. Nothing is committed."""
    await leave(db, found)
    found.status = ThreadStatus.FINISHED
    found.position = 0


@retry_on_deadlock
async def reactivate(db: AsyncSession, user_id: int, thread_id: int, issues_left: int) -> Thread:
    """Read a finished thread again: it goes to the front."""
    await lock_queue(db, user_id)
    found = await thread(db, user_id, thread_id)
    if found.status == ThreadStatus.ACTIVE:
        raise Conflict("this thread is in the queue already")
    await _shift(db, user_id, 1, None, by=1)
    found.status = ThreadStatus.ACTIVE
    found.position = 1
    found.issues_left = issues_left
    await db.commit()
    return found


@retry_on_deadlock
async def move(db: AsyncSession, user_id: int, thread_id: int, position: int) -> Thread:
    """Put a thread at another place; beyond the end means the end."""
    await lock_queue(db, user_id)
    found = await thread(db, user_id, thread_id)
    await place(db, found, position)
    await db.commit()
    return found


async def place(db: AsyncSession, found: Thread, position: int) -> None:
    """Move an active thread and all between its old place and its new one. Nothing is committed."""
    if found.status != ThreadStatus.ACTIVE:
        raise Conflict("this thread is not in the queue")
    target = max(1, min(position, await length(db, found.user_id)))
    if target < found.position:
        await _shift(db, found.user_id, target, found.position - 1, by=1)
    elif target > found.position:
        await _shift(db, found.user_id, found.position + 1, target, by=-1)
    found.position = target


async def _shift(db: AsyncSession, user_id: int, first: int, last: int | None, by: int) -> None:
    statement = update(Thread).where(
        Thread.user_id == user_id, Thread.status == ThreadStatus.ACTIVE, Thread.position >= first
    )
    if last is not None:
        statement = statement.where(Thread.position <= last)
    await db.execute(statement.values(position=Thread.position + by))


@retry_on_deadlock
async def reorder(db: AsyncSession, user_id: int, ids: list[int]) -> Sequence[Thread]:
    """Put the whole queue into another order."""
    await lock_queue(db, user_id)
    by_id = {found.id: found for found in await active(db, user_id)}
    if len(ids) != len(by_id) or set(ids) != set(by_id):
        raise Conflict("the new order has to name each thread of the queue once")
    for position, thread_id in enumerate(ids, 1):
        by_id[thread_id].position = position
    await db.commit()
    return [by_id[thread_id] for thread_id in ids]


@retry_on_deadlock
async def take_in(db: AsyncSession, user_id: int, rows: Iterable[Row]) -> tuple[int, int]:
    """Add the rows of a file, but not what is there already; how many were added and how many left out."""
    await lock_queue(db, user_id)
    known = {
        (title.lower(), format.lower())
        for title, format in await db.execute(select(Thread.title, Thread.format).where(Thread.user_id == user_id))
    }
    position = await length(db, user_id)
    added = skipped = 0
    for row in rows:
        key = row.title.lower(), row.format.lower()
        if key in known:
            skipped += 1
            continue
        known.add(key)
        is_active = row.status == ThreadStatus.ACTIVE
        position += is_active
        db.add(
            Thread(
                user_id=user_id,
                title=row.title,
                format=row.format,
                issues_left=row.issues_left,
                status=row.status,
                position=position if is_active else 0,
                notes=row.notes,
            )
        )
        added += 1
    await db.commit()
    return added, skipped
