from fastapi import APIRouter, Depends
from sqlalchemy import select

from comic_pile.api.dependencies import Db, require_admin
from comic_pile.models import User
from comic_pile.schemas import Activity, Id, Limit, Offset, Purged, Totals, UserRead
from comic_pile.services import accounts, analytics

router = APIRouter(prefix="/admin", tags=["admin"], dependencies=[Depends(require_admin)])


@router.get("/users", response_model=list[UserRead])
async def list_users(db: Db, offset: Offset = 0, limit: Limit = 20) -> list[User]:
    return (
        await db.scalars(select(User).order_by(User.id).offset(offset).limit(limit))
    ).all()


@router.put("/users/{user_id}/active", response_model=UserRead)
async def set_active(user_id: Id, data: Activity, db: Db) -> User:
    return await accounts.set_active(db, user_id, data.is_active)


@router.delete("/tokens/expired")
async def purge_tokens(db: Db) -> Purged:
    return Purged(tokens=await accounts.purge_tokens(db))


@router.get("/totals", response_model=Totals)
async def read_totals(db: Db) -> dict[str, int]:
    return await analytics.totals(db)
