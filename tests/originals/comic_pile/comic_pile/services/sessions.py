"""Sittings. There is one open session at most for each reader."""

import threading
from collections.abc import Sequence
from datetime import timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session as DbSession
from sqlalchemy.orm import selectinload

from comic_pile.clock import now
from comic_pile.config import settings
from comic_pile.errors import NotFound
from comic_pile.models import Event, EventKind, Session
from comic_pile.services.locking import lock_queue

# Two requests of one reader often come together when a page is opened: one of them makes the session.
_creation = threading.Lock()


def open_session(db: DbSession, user_id: int) -> Session | None:
    """The open session, unless it is too old; then it is closed."""
    statement = select(Session).where(Session.user_id == user_id, Session.ended_at.is_(None))
    session = db.scalars(statement).one_or_none()
    if session is not None and is_over(session):
        session.ended_at = session.started_at + timedelta(hours=settings.session_hours)
        db.commit()
        return None
    return session


def is_over(session: Session) -> bool:
    return now() - session.started_at >= timedelta(hours=settings.session_hours)


def current(db: DbSession, user_id: int) -> Session:
    """The open session, or a new one with the die that the last one ended with."""
    session = open_session(db, user_id)
    if session is not None:
        return session
    with _creation:
        lock_queue(db, user_id)
        session = open_session(db, user_id)
        if session is None:
            session = Session(user_id=user_id, die=_last_die(db, user_id))
            db.add(session)
            db.commit()
        return session


def _last_die(db: DbSession, user_id: int) -> int:
    last = db.query(Session.die).filter(Session.user_id == user_id).order_by(Session.id.desc()).first()
    return last.die if last else settings.start_die


def end(db: DbSession, user_id: int) -> Session:
    session = open_session(db, user_id)
    if session is None:
        raise NotFound("there is no open session")
    session.ended_at = now()
    session.pending_id = None
    db.commit()
    return session


def history(db: DbSession, user_id: int, offset: int, limit: int) -> Sequence[Session]:
    statement = (
        select(Session)
        .where(Session.user_id == user_id)
        .options(selectinload(Session.events))
        .order_by(Session.id.desc())
        .offset(offset)
        .limit(limit)
    )
    return db.scalars(statement).all()


def find(db: DbSession, user_id: int, session_id: int) -> Session:
    found = db.get(Session, session_id)
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


def summary(session: Session) -> dict[str, float | int | None]:
    """What was done in a session, in figures."""
    ratings = [event.rating for event in session.events if event.rating is not None]
    return {
        "rolls": sum(event.kind == EventKind.ROLLED for event in session.events),
        "read": len(ratings),
        "average": round(sum(ratings) / len(ratings), 2) if ratings else None,
    }
