from fastapi import APIRouter

from comic_pile.api.dependencies import CurrentUser, Db
from comic_pile.models import Event, Session
from comic_pile.schemas import EventRead, Id, Limit, Offset, SessionRead, SessionSummary
from comic_pile.services import sessions

router = APIRouter(prefix="/sessions", tags=["session"])


async def summarised(session: Session) -> SessionSummary:
    return SessionSummary(
        id=session.id, started_at=session.started_at, ended_at=session.ended_at, **await sessions.summary(session)
    )


@router.get("")
async def list_sessions(db: Db, user: CurrentUser, offset: Offset = 0, limit: Limit = 20) -> list[SessionSummary]:
    return [await summarised(session) for session in await sessions.history(db, user.id, offset, limit)]


@router.get("/current", response_model=SessionRead)
async def read_current_session(db: Db, user: CurrentUser) -> Session:
    return await sessions.current(db, user.id)


@router.post("/current/end")
async def end_session(db: Db, user: CurrentUser) -> SessionSummary:
    return await summarised(await sessions.end(db, user.id))


@router.get("/{session_id}", response_model=SessionRead)
async def read_session(session_id: Id, db: Db, user: CurrentUser) -> Session:
    return await sessions.find(db, user.id, session_id)


@router.get("/{session_id}/events", response_model=list[EventRead])
async def list_events(session_id: Id, db: Db, user: CurrentUser) -> list[Event]:
    return await (await sessions.find(db, user.id, session_id)).awaitable_attrs.events
