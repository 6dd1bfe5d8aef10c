from typing import Annotated

from fastapi import APIRouter, Depends, Query, status

from soul_sense.models import User
from soul_sense.routers.dependencies import current_user
from soul_sense.schemas import LARGEST, Key, SettingRead, SettingWrite
from soul_sense.services.settings_sync import SettingsSyncService

router = APIRouter(prefix="/settings", tags=["settings"])


@router.get("", response_model=list[SettingRead])
async def list_settings(
    since: Annotated[int, Query(ge=0, le=LARGEST)] = 0,
    user: User = Depends(current_user),
    sync: SettingsSyncService = Depends(),
):
    return await sync.all(user, since)


@router.get("/{key}", response_model=SettingRead)
async def read_setting(key: Key, user: User = Depends(current_user), sync: SettingsSyncService = Depends()):
    return await sync.get(user, key)


@router.put("/{key}", response_model=SettingRead)
async def write_setting(
    key: Key, data: SettingWrite, user: User = Depends(current_user), sync: SettingsSyncService = Depends()
):
    return await sync.put(user, key, data.value, data.version)


@router.delete("/{key}", status_code=status.HTTP_204_NO_CONTENT)
async def delete_setting(key: Key, user: User = Depends(current_user), sync: SettingsSyncService = Depends()):
    await sync.delete(user, key)
