from fastapi import APIRouter, Depends

from soul_sense.models import User
from soul_sense.routers.dependencies import current_user
from soul_sense.schemas import Completeness, PersonalChange, PersonalRead, StrengthsChange, StrengthsRead
from soul_sense.services.profiles import ProfileService

router = APIRouter(prefix="/profile", tags=["profile"])


@router.get("/personal", response_model=PersonalRead)
async def read_personal(user: User = Depends(current_user), profiles: ProfileService = Depends()):
    return await profiles.personal(user)


@router.patch("/personal", response_model=PersonalRead)
async def change_personal(data: PersonalChange, user: User = Depends(current_user), profiles: ProfileService = Depends()):
    return await profiles.change_personal(user, data.model_dump(exclude_unset=True))


@router.get("/strengths", response_model=StrengthsRead)
async def read_strengths(user: User = Depends(current_user), profiles: ProfileService = Depends()):
    return await profiles.strengths(user)


@router.patch("/strengths", response_model=StrengthsRead)
async def change_strengths(data: StrengthsChange, user: User = Depends(current_user), profiles: ProfileService = Depends()):
    return await profiles.change_strengths(user, data.model_dump(exclude_none=True))


@router.get("/completeness", response_model=Completeness)
def read_completeness(user: User = Depends(current_user), profiles: ProfileService = Depends()):
    return Completeness(percent=profiles.completeness(user))
