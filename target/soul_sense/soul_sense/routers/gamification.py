from fastapi import APIRouter, Depends

from soul_sense.models import User
from soul_sense.routers.dependencies import current_user
from soul_sense.schemas import Limit, Place, Standing
from soul_sense.services.gamification import GamificationService

router = APIRouter(prefix="/gamification", tags=["gamification"])


@router.get("/me", response_model=Standing)
async def read_standing(user: User = Depends(current_user), gamification: GamificationService = Depends()):
    return await gamification.standing(user)


@router.get("/leaderboard", response_model=list[Place], dependencies=[Depends(current_user)])
async def read_leaderboard(limit: Limit = 10, gamification: GamificationService = Depends()):
    return await gamification.leaderboard(limit)
