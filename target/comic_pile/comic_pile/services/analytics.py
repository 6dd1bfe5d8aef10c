"""Figures about what was read."""

from dataclasses import dataclass

from sqlalchemy import case, func, select
from sqlalchemy.ext.asyncio import AsyncSession

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


async def of_user(db: AsyncSession, user_id: int) -> Summary:
    threads, active, issues = (
        await db.execute(
            select(
                func.count(Thread.id),
                func.coalesce(func.sum(case((Thread.status == ThreadStatus.ACTIVE, 1), else_=0)), 0),
                func.coalesce(func.sum(Thread.issues_left), 0),
            )
            .where(Thread.user_id == user_id)
        )
    ).one()
    read, average = (
        await db.execute(
            select(func.count(Event.id), func.avg(Event.rating))
            .join(Event.session)
            .where(Session.user_id == user_id, Event.kind == EventKind.RATED)
        )
    ).one()
    sessions = await db.scalar(select(func.count()).select_from(Session).filter_by(user_id=user_id))
    return Summary(threads, active, threads - active, issues, sessions, read, rounded(average))


async def ratings(db: AsyncSession, user_id: int) -> dict[float, int]:
    """How often each rating was given, the best first."""
    statement = (
        select(Event.rating, func.count().label("times"))
        .join(Event.session)
        .where(Session.user_id == user_id, Event.rating.is_not(None))
        .group_by(Event.rating)
        .order_by(Event.rating.desc())
    )
    return {row.rating: row.times for row in await db.execute(statement)}


async def rolls(db: AsyncSession, user_id: int) -> list[Share]:
    """For each die how often it was thrown, and what it gave in the mean."""
    statement = (
        select(Event.die, func.count(), func.avg(Event.result))
        .join(Event.session)
        .where(Session.user_id == user_id, Event.kind == EventKind.ROLLED)
        .group_by(Event.die)
        .order_by(Event.die)
    )
    return [Share(f"d{die}", count, rounded(average)) for die, count, average in await db.execute(statement)]


async def formats(db: AsyncSession, user_id: int) -> list[Share]:
    rows = (
        await db.execute(
            select(Thread.format, func.count(Thread.id), func.avg(Thread.last_rating))
            .where(Thread.user_id == user_id)
            .group_by(Thread.format)
            .order_by(func.count(Thread.id).desc(), Thread.format)
        )
    ).all()
    return [Share(format, count, rounded(average)) for format, count, average in rows]


async def totals(db: AsyncSession) -> dict[str, int]:
    """How much there is of everything, for those who look after the service."""
    return {
        "users": await db.scalar(select(func.count()).select_from(User)),
        "active_users": await db.scalar(select(func.count()).select_from(User).where(User.is_active)),
        "threads": await db.scalar(select(func.count()).select_from(Thread)) or 0,
        "open_sessions": await db.scalar(
            select(func.count()).select_from(Session).where(Session.ended_at.is_(None))
        ),
        "events": await db.scalar(select(func.count(Event.id))) or 0,
    }
