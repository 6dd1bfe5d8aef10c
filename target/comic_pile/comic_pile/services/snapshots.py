"""How things stood before, so that a rash move can be undone."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import delete, select
from sqlalchemy.ext.asyncio import AsyncSession

from comic_pile.config import settings
from comic_pile.errors import NotFound
from comic_pile.models import EventKind, Session, Snapshot, Thread, ThreadStatus
from comic_pile.services import queue
from comic_pile.services.sessions import note

KEPT = ("title", "format", "issues_left", "status", "position", "notes", "last_rating")


def state_of(session: Session, threads: Sequence[Thread]) -> dict[str, Any]:
    """Queue and session as plain values."""
    return {
        "die": session.die,
        "pending": session.pending_id,
        "snoozed": [thread.id for thread in session.snoozed],
        "threads": [
            {"id": thread.id, "last_read_at": _written(thread.last_read_at)}
            | {name: getattr(thread, name) for name in KEPT}
            for thread in threads
        ],
    }


def _written(moment: datetime | None) -> str | None:
    return moment.isoformat() if moment else None


async def take(db: AsyncSession, session: Session, reason: str) -> Snapshot:
    """Remember how things stand. Nothing is committed; the oldest snapshots of the session are dropped."""
    threads = await queue.threads(db, session.user_id, None, None)
    snapshot = Snapshot(session_id=session.id, reason=reason, state=state_of(session, threads))
    db.add(snapshot)
    await db.flush()
    kept = (
        select(Snapshot.id)
        .where(Snapshot.session_id == session.id)
        .order_by(Snapshot.id.desc())
        .limit(settings.snapshots_kept)
    )
    surplus = delete(Snapshot).where(Snapshot.session_id == session.id, Snapshot.id.not_in((await db.scalars(kept)).all()))
    await db.execute(surplus)
    return snapshot


async def of_session(db: AsyncSession, session: Session) -> Sequence[Snapshot]:
    """The latest first."""
    return (await db.scalars(select(Snapshot).where(Snapshot.session_id == session.id).order_by(Snapshot.id.desc()))).all()


async def undo(db: AsyncSession, session: Session, snapshot_id: int | None = None) -> Session:
    """Go back to a snapshot, or to the last one. It is used up, with all that came after it."""
    statement = select(Snapshot).where(Snapshot.session_id == session.id)
    if snapshot_id is not None:
        statement = statement.where(Snapshot.id == snapshot_id)
    snapshot = (await db.scalars(statement.order_by(Snapshot.id.desc()).limit(1))).first()
    if snapshot is None:
        raise NotFound("there is nothing to undo" if snapshot_id is None else "no such snapshot")
    await restore(db, session, snapshot.state)
    await db.execute(delete(Snapshot).where(Snapshot.session_id == session.id, Snapshot.id >= snapshot.id))
    db.add(note(session, EventKind.UNDONE))
    await db.commit()
    await db.refresh(session)
    return session


async def restore(db: AsyncSession, session: Session, state: dict[str, Any]) -> None:
    """Bring queue and session back. What has been added since goes behind the others. Nothing is committed."""
    present = {thread.id: thread for thread in await queue.threads(db, session.user_id, None, None)}
    for saved in state["threads"]:
        thread = present.pop(saved["id"], None)
        if thread is None:
            thread = Thread(id=saved["id"], user_id=session.user_id)
            db.add(thread)
        for name in KEPT:
            setattr(thread, name, saved[name])
        read = saved["last_read_at"]
        thread.last_read_at = datetime.fromisoformat(read) if read else None
    behind = sum(saved["status"] == ThreadStatus.ACTIVE for saved in state["threads"])
    for thread in present.values():
        if thread.status == ThreadStatus.ACTIVE:
            behind += 1
            thread.position = behind
    await db.flush()
    session.die = state["die"]
    session.pending_id = state["pending"]
    session.snoozed = list(await db.scalars(select(Thread).where(Thread.id.in_(state["snoozed"]))))
