from fastapi import APIRouter, Depends

from comic_pile.api.dependencies import Db, require_admin
from comic_pile.models import User
from comic_pile.schemas import Activity, Id, Limit, Offset, Purged, Totals, UserRead
from comic_pile.services import accounts, analytics

router = APIRouter(prefix="/admin", tags=["admin"], dependencies=[Depends(require_admin)])


@router.get("/users", response_model=list[UserRead])
def list_users(db: Db, offset: Offset = 0, limit: Limit = 20) -> list[User]:
    return db.query(User).order_by(User.id).offset(offset).limit(limit).all()


@router.put("/users/{user_id}/active", response_model=UserRead)
def set_active(user_id: Id, data: Activity, db: Db) -> User:
    return accounts.set_active(db, user_id, data.is_active)


@router.delete("/tokens/expired")
def purge_tokens(db: Db) -> Purged:
    return Purged(tokens=accounts.purge_tokens(db))


@router.get("/totals", response_model=Totals)
def read_totals(db: Db) -> dict[str, int]:
    return analytics.totals(db)
