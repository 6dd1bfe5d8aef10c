from typing import Annotated

from fastapi import APIRouter, Query

from comic_pile.api.dependencies import CurrentUser, Db
from comic_pile.schemas import Preview, Rated, RatingCreate, SessionRead, ThreadRead
from comic_pile.services import dice, play, sessions

router = APIRouter(prefix="/rate", tags=["rate"])


@router.post("")
async def rate(data: RatingCreate, db: Db, user: CurrentUser) -> Rated:
    session, thread = await play.rate(db, user.id, data.rating, data.issues_read)
    await session.awaitable_attrs.pending  # serialised below
    await session.awaitable_attrs.snoozed  # serialised below
    return Rated(session=SessionRead.model_validate(session), thread=ThreadRead.model_validate(thread))


@router.get("/preview")
async def preview(rating: Annotated[float, Query(ge=0.5, le=5, multiple_of=0.5)], db: Db, user: CurrentUser) -> Preview:
    """What a rating would bring."""
    session = await sessions.current(db, user.id)
    goes_to = "front" if rating >= dice.GOOD else "back"
    return Preview(rating=rating, die=dice.after_rating(session.die, rating), goes_to=goes_to)
