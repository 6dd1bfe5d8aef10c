from fastapi import APIRouter

from comic_pile.api.dependencies import CurrentUser, Db
from comic_pile.models import Session, Thread
from comic_pile.schemas import Id, SessionRead, ThreadRead
from comic_pile.services import play, sessions

router = APIRouter(prefix="/snooze", tags=["snooze"])


@router.get("", response_model=list[ThreadRead])
async def list_snoozed(db: Db, user: CurrentUser) -> list[Thread]:
    return (await sessions.current(db, user.id)).snoozed


@router.post("", response_model=SessionRead)
async def snooze(db: Db, user: CurrentUser) -> Session:
    return await play.snooze(db, user.id)


@router.delete("/{thread_id}", response_model=SessionRead)
async def wake(thread_id: Id, db: Db, user: CurrentUser) -> Session:
    return await play.wake(db, user.id, thread_id)
