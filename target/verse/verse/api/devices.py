from fastapi import APIRouter, Depends, status

from verse.api.dependencies import current_device, current_user, links, optional_device
from verse.database import get_db
from verse.schemas import Deleted, DeviceRead, Key, LinkAccept, LinkCodeRead, Token

router = APIRouter(prefix="/devices", tags=["devices"])


@router.post("/codes", status_code=status.HTTP_201_CREATED)
async def generate_code(db=Depends(get_db), user=Depends(current_user)) -> LinkCodeRead:
    code, expires_at = await links.generate_code(db, user.id)
    return LinkCodeRead(code=code, expires_at=expires_at)


@router.delete("/codes")
async def revoke_codes(db=Depends(get_db), user=Depends(current_user)) -> Deleted:
    return Deleted(deleted=await links.revoke_codes(db, user.id))


@router.post("/link", status_code=status.HTTP_201_CREATED)
async def accept_code(data: LinkAccept, db=Depends(get_db), device=Depends(optional_device)) -> Token:
    """Join the reader who made the code. A device that was used before brings its data along."""
    linked, token = await links.accept(db, data.code, data.device, device.user_id if device else None)
    return Token(token=token, expires_at=linked.expires_at)


@router.get("", response_model=list[DeviceRead])
async def list_devices(db=Depends(get_db), current=Depends(current_device)):
    found = [DeviceRead.model_validate(device) for device in await links.devices(db, current.user_id)]
    return [device.model_copy(update={"is_current": device.id == current.id}) for device in found]


@router.delete("/{device_id}", status_code=status.HTTP_204_NO_CONTENT)
async def unlink_device(device_id: Key, db=Depends(get_db), user=Depends(current_user)) -> None:
    await links.unlink(db, user.id, device_id)
