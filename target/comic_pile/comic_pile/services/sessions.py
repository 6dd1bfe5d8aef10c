"""Sittings. There is one open session at most for each reader."""

import asyncio
from collections.abc import Sequence
from datetime import timedelta

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import selectinload

from comic_pile.clock import now
from comic_pile.config import settings
from comic_pile.errors import NotFound
from comic_pile.models import Event, EventKind, Session
from comic_pile.services.locking import lock_queue

# Two requests of one reader often come together when a page is opened: one of them makes the session.
_creation = asyncio.Lock()


async def open_session(db: AsyncSession, user_id: int) -> Session | None:
    """The open session, unless it is too old; then it is closed."""
    statement = select(Session).where(Session.user_id == user_id, Session.ended_at.is_(None))
    session = (await db.scalars(statement)).one_or_none()
    if session is not None and is_over(session):
        session.ended_at = session.started_at + timedelta(hours=settings.session_hours)
        await db.commit()
        return None
    return session


def is_over(session: Session) -> bool:
    return now() - session.started_at >= timedelta(hours=settings.session_hours)


async def current(db: AsyncSession, user_id: int) -> Session:
    """The open session, or a new one with the die that the last one ended with."""
    session = await open_session(db, user_id)
    if session is not None:
        return session
    async with _creation:
        await lock_queue(db, user_id)
        session = await open_session(db, user_id)
        if session is None:
            session = Session(user_id=user_id, die=await _last_die(db, user_id))
            db.add(session)
            await db.commit()
            await db.refresh(session, ["pending", "snoozed"])
        return session


async def _last_die(db: AsyncSession, user_id: int) -> int:
    last = (
        await db.execute(select(Session.die).where(Session.user_id == user_id).order_by(Session.id.desc()).limit(1))
    ).first()
    return last.die if last else settings.start_die


async def end(db: AsyncSession, user_id: int) -> Session:
    session = await open_session(db, user_id)
    if session is None:
        raise NotFound("there is no open session")
    session.ended_at = now()
    session.pending_id = None
    await db.commit()
    await db.refresh(session, ["pending"])
    return session


async def history(db: AsyncSession, user_id: int, offset: int, limit: int) -> Sequence[Session]:
    statement = (
        select(Session)
        .where(Session.user_id == user_id)
        .options(selectinload(Session.events))
        .order_by(Session.id.desc())
        .offset(offset)
        .limit(limit)
    )
    return (await db.scalars(statement)).all()


async def find(db: AsyncSession, user_id: int, session_id: int) -> Session:
    found = await db.get(Session, session_id)
    if found is None or found.user_id != user_id:
        raise NotFound("no such session")
    return found


def note(
    session: Session,
    kind: EventKind,
    thread_id: int | None = None,
    result: int | None = None,
    rating: float | None = None,
) -> Event:
    """An event of a session, with the die as it is now."""
    return Event(session_id=session.id, kind=kind, thread_id=thread_id, die=session.die, result=result, rating=rating)


async def summary(session: Session) -> dict[str, float | int | None]:
    """What was done in a session, in figures."""
    ratings = [event.rating for event in await session.awaitable_attrs.events if event.rating is not None]
    return {
        "rolls": sum(event.kind == EventKind.ROLLED for event in session.events),
        "read": len(ratings),
        "average": round(sum(ratings) / len(ratings), 2) if ratings else None,
    }
