"""The game: roll, read, rate; or put off what does not fit today."""

from collections.abc import Sequence

from sqlalchemy.ext.asyncio import AsyncSession

from comic_pile.clock import now
from comic_pile.errors import Conflict, NotFound
from comic_pile.models import EventKind, Session, Thread, ThreadStatus
from comic_pile.services import dice, queue, sessions, snapshots
from comic_pile.services.locking import lock_queue, retry_on_deadlock


async def within_reach(db: AsyncSession, session: Session) -> Sequence[Thread]:
    """What the die of this session can hit: the front of the queue, without what is snoozed."""
    snoozed = {thread.id for thread in session.snoozed}
    awake = [thread for thread in await queue.active(db, session.user_id) if thread.id not in snoozed]
    return dice.within_reach(awake, session.die)


@retry_on_deadlock
async def roll(db: AsyncSession, user_id: int) -> tuple[Session, int]:
    """Throw the die; what it hits is read next."""
    session = await sessions.current(db, user_id)
    await lock_queue(db, user_id)
    if session.pending is not None:
        raise Conflict(f"{session.pending.title} waits for its rating")
    pool = await within_reach(db, session)
    if not pool:
        raise Conflict("there is nothing to read")
    result = dice.throw(session.die)
    session.pending = dice.hit(pool, result)
    db.add(sessions.note(session, EventKind.ROLLED, session.pending.id, result))
    await db.commit()
    return session, result


@retry_on_deadlock
async def choose(db: AsyncSession, user_id: int, thread_id: int) -> Session:
    """Read a certain thread next, whatever the die says."""
    session = await sessions.current(db, user_id)
    thread = await queue.thread(db, user_id, thread_id)
    if thread.status != ThreadStatus.ACTIVE:
        raise Conflict("this thread is not in the queue")
    await snapshots.take(db, session, f"chose {thread.title}")
    session.pending = thread
    db.add(sessions.note(session, EventKind.CHOSEN, thread.id))
    await db.commit()
    return session


async def dismiss(db: AsyncSession, user_id: int) -> Session:
    """Forget the last roll."""
    session = await sessions.current(db, user_id)
    pending = pending_of(session)
    db.add(sessions.note(session, EventKind.DISMISSED, pending.id))
    session.pending = None
    await db.commit()
    return session


def pending_of(session: Session) -> Thread:
    if session.pending is None:
        raise Conflict("nothing was rolled")
    return session.pending


async def set_die(db: AsyncSession, user_id: int, sides: int) -> Session:
    if not dice.is_die(sides):
        raise Conflict(f"there is no die with {sides} sides")
    session = await sessions.current(db, user_id)
    if session.die != sides:
        session.die = sides
        await db.commit()
    return session


@retry_on_deadlock
async def rate(db: AsyncSession, user_id: int, rating: float, issues_read: int) -> tuple[Session, Thread]:
    """Say how it was. What was good goes to the front, the rest to the back; what is read to its end leaves."""
    session = await sessions.current(db, user_id)
    await lock_queue(db, user_id)
    thread = pending_of(session)
    await snapshots.take(db, session, f"rated {thread.title}")
    db.add(sessions.note(session, EventKind.RATED, thread.id, rating=rating))
    thread.last_rating = rating
    thread.last_read_at = now()
    thread.issues_left = max(0, thread.issues_left - issues_read)
    if thread.issues_left == 0:
        await queue.finish(db, thread)
    else:
        await queue.place(db, thread, 1 if rating >= dice.GOOD else await queue.length(db, user_id))
    session.die = dice.after_rating(session.die, rating)
    session.pending = None
    await db.commit()
    return session, thread


@retry_on_deadlock
async def snooze(db: AsyncSession, user_id: int) -> Session:
    """Leave the rolled thread alone until the session ends; the die grows, so that others come into reach."""
    session = await sessions.current(db, user_id)
    thread = pending_of(session)
    await snapshots.take(db, session, f"snoozed {thread.title}")
    db.add(sessions.note(session, EventKind.SNOOZED, thread.id))
    session.snoozed.append(thread)
    session.die = dice.after_snooze(session.die)
    session.pending = None
    await db.commit()
    await db.refresh(session, ["snoozed"])
    return session


async def wake(db: AsyncSession, user_id: int, thread_id: int) -> Session:
    session = await sessions.current(db, user_id)
    thread = next((thread for thread in session.snoozed if thread.id == thread_id), None)
    if thread is None:
        raise NotFound("this thread is not snoozed")
    session.snoozed.remove(thread)
    db.add(sessions.note(session, EventKind.WOKEN, thread.id))
    await db.commit()
    return session
