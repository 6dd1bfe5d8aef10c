"""What other modules may use of learning sessions."""

from typing import Protocol

from sqlalchemy.orm import Session

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
    def start(self, user_id: int, lesson_id: str) -> SessionRead: ...
    def get(self, user_id: int, session_id: str) -> SessionRead: ...
    def list_sessions(self, user_id: int, limit: int = 50, offset: int = 0) -> list[SessionRead]: ...
    def pause(self, user_id: int, session_id: str) -> SessionRead: ...
    def answer(self, user_id: int, session_id: str, answer: Answer) -> AttemptRead: ...
    def complete(self, user_id: int, session_id: str) -> Results: ...


class LearningSessionAnalyticsProvider(Protocol):
    def learner(self, user_id: int) -> LearnerFigures: ...
    def lesson(self, lesson_id: str) -> list[ExerciseFigures]: ...


def learning_session_provider(session: Session) -> LearningSessionProvider:
    return LearningSessionService(LearningSessionRepo(session), content_provider(session))


def learning_session_analytics_provider(session: Session) -> LearningSessionAnalyticsProvider:
    return LearningSessionAnalytics(LearningSessionRepo(session))


__all__ = [
    "LearningSessionAnalyticsProvider",
    "LearningSessionProvider",
    "learning_session_analytics_provider",
    "learning_session_provider",
]
