"""What other modules may use of learning sessions."""

from typing import Protocol

from sqlalchemy.ext.asyncio import AsyncSession

from deeplearn.content.public import content_provider
from deeplearn.learning_session.analytics import LearningSessionAnalytics
from deeplearn.learning_session.dtos import (
    Answer,
    AttemptRead,
    ExerciseFigures,
    LearnerFigures,
    Results,
    SessionRead,
)
from deeplearn.learning_session.repo import LearningSessionRepo
from deeplearn.learning_session.service import LearningSessionService


class LearningSessionProvider(Protocol):
    async def start(self, user_id: int, lesson_id: str) -> SessionRead: ...
    async def get(self, user_id: int, session_id: str) -> SessionRead: ...
    async def list_sessions(self, user_id: int, limit: int = 50, offset: int = 0) -> list[SessionRead]: ...
    async def pause(self, user_id: int, session_id: str) -> SessionRead: ...
    async def answer(self, user_id: int, session_id: str, answer: Answer) -> AttemptRead: ...
    async def complete(self, user_id: int, session_id: str) -> Results: ...


class LearningSessionAnalyticsProvider(Protocol):
    async def learner(self, user_id: int) -> LearnerFigures: ...
    async def lesson(self, lesson_id: str) -> list[ExerciseFigures]: ...


def learning_session_provider(session: AsyncSession) -> LearningSessionProvider:
    return LearningSessionService(LearningSessionRepo(session), content_provider(session))


def learning_session_analytics_provider(session: AsyncSession) -> LearningSessionAnalyticsProvider:
    return LearningSessionAnalytics(LearningSessionRepo(session))


__all__ = [
    "LearningSessionAnalyticsProvider",
    "LearningSessionProvider",
    "learning_session_analytics_provider",
    "learning_session_provider",
]
