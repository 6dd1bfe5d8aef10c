from typing import Annotated

from fastapi import APIRouter, Depends, Query

from soul_sense.models import User
from soul_sense.routers.dependencies import current_user, require_staff
from soul_sense.schemas import Correlation, DayMood, HardQuestion, MoodStatistics, Population, Scores, Statistics
from soul_sense.services.analytics import AnalyticsService

router = APIRouter(prefix="/analytics", tags=["analytics"])


@router.get("/moods", response_model=list[DayMood])
async def read_moods(
    days: Annotated[int, Query(ge=1, le=3650)] = 30,
    user: User = Depends(current_user),
    analytics: AnalyticsService = Depends(),
):
    return await analytics.moods(user, days)


@router.get("/moods/statistics", response_model=MoodStatistics)
async def read_mood_statistics(user: User = Depends(current_user), analytics: AnalyticsService = Depends()):
    return await analytics.mood_statistics(user)


@router.get("/moods/by-tag", response_model=dict[str, Statistics])
async def read_moods_by_tag(user: User = Depends(current_user), analytics: AnalyticsService = Depends()):
    return await analytics.moods_by_tag(user)


@router.get("/scores", response_model=Scores)
async def read_scores(user: User = Depends(current_user), analytics: AnalyticsService = Depends()):
    return await analytics.scores(user)


@router.get("/correlation", response_model=Correlation)
async def read_correlation(user: User = Depends(current_user), analytics: AnalyticsService = Depends()):
    return await analytics.mood_and_score(user)


@router.get("/population", response_model=Population, dependencies=[Depends(require_staff)])
async def read_population(analytics: AnalyticsService = Depends()):
    return await analytics.population()


@router.get("/questions", response_model=list[HardQuestion], dependencies=[Depends(require_staff)])
async def read_hardest_questions(least: Annotated[int, Query(ge=1, le=1000)] = 3, analytics: AnalyticsService = Depends()):
    return await analytics.hardest_questions(least)
