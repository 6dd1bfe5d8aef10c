from fastapi import APIRouter, Depends, status

from soul_sense.models import User
from soul_sense.routers.dependencies import current_user, require_staff
from soul_sense.schemas import (
    AuditRead,
    Farewell,
    Limit,
    Offset,
    PasswordChange,
    Search,
    SettingsChange,
    SettingsRead,
    UserPage,
    UserRead,
)
from soul_sense.services.audit import AuditService
from soul_sense.services.users import UserService

router = APIRouter(prefix="/users", tags=["users"])


@router.get("", response_model=UserPage, dependencies=[Depends(require_staff)])
async def list_users(text: Search = None, offset: Offset = 0, limit: Limit = 20, users: UserService = Depends()):
    items, total = await users.page(text, offset, limit)
    return {"total": total, "items": items}


@router.get("/me", response_model=UserRead)
async def read_me(user: User = Depends(current_user)):
    await user.awaitable_attrs.settings  # serialised below
    return user


@router.patch("/me/settings", response_model=SettingsRead)
async def change_settings(data: SettingsChange, user: User = Depends(current_user), users: UserService = Depends()):
    return await users.change_settings(user, data.model_dump(exclude_none=True))


@router.put("/me/password", status_code=status.HTTP_204_NO_CONTENT)
async def change_password(data: PasswordChange, user: User = Depends(current_user), users: UserService = Depends()):
    await users.change_password(user, data.old_password, data.new_password)


@router.post("/me/delete", status_code=status.HTTP_204_NO_CONTENT)
async def delete_me(data: Farewell, user: User = Depends(current_user), users: UserService = Depends()):
    await users.delete(user, data.password)


@router.get("/me/audit", response_model=list[AuditRead])
async def list_audit(
    action: Search = None,
    offset: Offset = 0,
    limit: Limit = 50,
    user: User = Depends(current_user),
    audit: AuditService = Depends(),
):
    return await audit.of_user(user, action, offset, limit)
