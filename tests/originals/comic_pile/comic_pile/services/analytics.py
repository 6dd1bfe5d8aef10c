"""Figures about what was read."""

from dataclasses import dataclass

from sqlalchemy import case, func, select
from sqlalchemy.orm import Session as DbSession

from comic_pile.models import Event, EventKind, Session, Thread, ThreadStatus, User


@dataclass(frozen=True)
class Summary:
    threads: int
    active: int
    finished: int
    issues_left: int
    sessions: int
    read: int
    average: float | None


@dataclass(frozen=True)
class Share:
    """A group, how many there are in it, and their mean rating."""

    key: str
    count: int
    average: float | None


def rounded(value: float | None) -> float | None:
    return None if value is None else round(float(value), 2)


def of_user(db: DbSession, user_id: int) -> Summary:
    threads, active, issues = (
        db.query(
            func.count(Thread.id),
            func.coalesce(func.sum(case((Thread.status == ThreadStatus.ACTIVE, 1), else_=0)), 0),
            func.coalesce(func.sum(Thread.issues_left), 0),
        )
        .filter(Thread.user_id == user_id)
        .one()
    )
    read, average = (
        db.query(func.count(Event.id), func.avg(Event.rating))
        .join(Event.session)
        .filter(Session.user_id == user_id, Event.kind == EventKind.RATED)
        .one()
    )
    sessions = db.query(Session).filter_by(user_id=user_id).count()
    return Summary(threads, active, threads - active, issues, sessions, read, rounded(average))


def ratings(db: DbSession, user_id: int) -> dict[float, int]:
    """How often each rating was given, the best first."""
    statement = (
        select(Event.rating, func.count().label("times"))
        .join(Event.session)
        .where(Session.user_id == user_id, Event.rating.is_not(None))
        .group_by(Event.rating)
        .order_by(Event.rating.desc())
    )
    return {row.rating: row.times for row in db.execute(statement)}


def rolls(db: DbSession, user_id: int) -> list[Share]:
    """For each die how often it was thrown, and what it gave in the mean."""
    statement = (
        select(Event.die, func.count(), func.avg(Event.result))
        .join(Event.session)
        .where(Session.user_id == user_id, Event.kind == EventKind.ROLLED)
        .group_by(Event.die)
        .order_by(Event.die)
    )
    return [Share(f"d{die}", count, rounded(average)) for die, count, average in db.execute(statement)]


def formats(db: DbSession, user_id: int) -> list[Share]:
    rows = (
        db.query(Thread.format, func.count(Thread.id), func.avg(Thread.last_rating))
        .filter(Thread.user_id == user_id)
        .group_by(Thread.format)
        .order_by(func.count(Thread.id).desc(), Thread.format)
        .all()
    )
    return [Share(format, count, rounded(average)) for format, count, average in rows]


def totals(db: DbSession) -> dict[str, int]:
    """How much there is of everything, for those who look after the service."""
    return {
        "users": db.query(User).count(),
        "active_users": db.query(User).filter(User.is_active).count(),
        "threads": db.scalar(select(func.count()).select_from(Thread)) or 0,
        "open_sessions": db.query(Session).filter(Session.ended_at.is_(None)).count(),
        "events": db.scalar(select(func.count(Event.id))) or 0,
    }
