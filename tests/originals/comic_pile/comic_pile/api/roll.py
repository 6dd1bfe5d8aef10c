from fastapi import APIRouter

from comic_pile.api.dependencies import CurrentUser, Db
from comic_pile.models import Session
from comic_pile.schemas import Choice, Die, Rolled, SessionRead
from comic_pile.services import play

router = APIRouter(prefix="/roll", tags=["roll"])


@router.post("")
def roll(db: Db, user: CurrentUser) -> Rolled:
    session, result = play.roll(db, user.id)
    return Rolled(result=result, session=SessionRead.model_validate(session))


@router.post("/choice", response_model=SessionRead)
def choose(data: Choice, db: Db, user: CurrentUser) -> Session:
    return play.choose(db, user.id, data.thread_id)


@router.delete("", response_model=SessionRead)
def dismiss(db: Db, user: CurrentUser) -> Session:
    return play.dismiss(db, user.id)


@router.put("/die", response_model=SessionRead)
def set_die(data: Die, db: Db, user: CurrentUser) -> Session:
    return play.set_die(db, user.id, data.sides)
