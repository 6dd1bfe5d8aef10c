from fastapi import APIRouter

from comic_pile.api.dependencies import CurrentUser, Db
from comic_pile.schemas import RatingCount, ShareRead, SummaryRead
from comic_pile.services import analytics

router = APIRouter(prefix="/analytics", tags=["analytics"])


@router.get("/summary", response_model=SummaryRead)
async def read_summary(db: Db, user: CurrentUser) -> analytics.Summary:
    return await analytics.of_user(db, user.id)


@router.get("/ratings")
async def read_ratings(db: Db, user: CurrentUser) -> list[RatingCount]:
    return [RatingCount(rating=rating, times=times) for rating, times in (await analytics.ratings(db, user.id)).items()]


@router.get("/dice", response_model=list[ShareRead])
async def read_dice(db: Db, user: CurrentUser) -> list[analytics.Share]:
    return await analytics.rolls(db, user.id)


@router.get("/formats", response_model=list[ShareRead])
async def read_formats(db: Db, user: CurrentUser) -> list[analytics.Share]:
    return await analytics.formats(db, user.id)
