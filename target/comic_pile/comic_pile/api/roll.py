from fastapi import APIRouter

from comic_pile.api.dependencies import CurrentUser, Db
from comic_pile.models import Session
from comic_pile.schemas import Choice, Die, Rolled, SessionRead
from comic_pile.services import play

router = APIRouter(prefix="/roll", tags=["roll"])


@router.post("")
async def roll(db: Db, user: CurrentUser) -> Rolled:
    session, result = await play.roll(db, user.id)
    await session.awaitable_attrs.pending  # serialised below
    await session.awaitable_attrs.snoozed  # serialised below
    return Rolled(result=result, session=SessionRead.model_validate(session))


@router.post("/choice", response_model=SessionRead)
async def choose(data: Choice, db: Db, user: CurrentUser) -> Session:
    return await play.choose(db, user.id, data.thread_id)


@router.delete("", response_model=SessionRead)
async def dismiss(db: Db, user: CurrentUser) -> Session:
    return await play.dismiss(db, user.id)


@router.put("/die", response_model=SessionRead)
async def set_die(data: Die, db: Db, user: CurrentUser) -> Session:
    return await play.set_die(db, user.id, data.sides)
