from fastapi import APIRouter, Depends, status

from verse.api.dependencies import current_user, users
from verse.database import get_db
from verse.schemas import Cleared, Export, Imported, Registered, UserCreate, UserRead

router = APIRouter(prefix="/users", tags=["users"])


@router.post("", status_code=status.HTTP_201_CREATED)
def register(data: UserCreate, db=Depends(get_db)) -> Registered:
    user, device, token = users.register(db, data.device)
    return Registered(public_id=user.public_id, token=token, expires_at=device.expires_at)


@router.get("/me", response_model=UserRead)
def read_me(db=Depends(get_db), user=Depends(current_user)):
    return users.with_devices(db, user.id)


@router.delete("/me/data")
async def clear_data(db=Depends(get_db), user=Depends(current_user)) -> Cleared:
    return users.clear(db, user.id)


@router.get("/me/export")
async def export_data(db=Depends(get_db), user=Depends(current_user)) -> Export:
    return users.export(db, user.id)


@router.post("/me/import")
async def import_data(data: Export, db=Depends(get_db), user=Depends(current_user)) -> Imported:
    return users.import_data(db, user.id, data)
