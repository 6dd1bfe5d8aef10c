from typing import Annotated

from fastapi import APIRouter, Depends, status

from deeplearn.content.public import content_provider
from deeplearn.content.routes import readable
from deeplearn.infrastructure.errors import NotFound
from deeplearn.infrastructure.public import SessionDependency
from deeplearn.infrastructure.types import Key, Limit, Offset
from deeplearn.learning_session.dtos import (
    Answer,
    AttemptRead,
    ExerciseFigures,
    LearnerFigures,
    Results,
    SessionRead,
    SessionStart,
)
from deeplearn.learning_session.public import (
    LearningSessionAnalyticsProvider,
    LearningSessionProvider,
    learning_session_analytics_provider,
    learning_session_provider,
)
from user.public import CurrentUser

router = APIRouter(prefix="/api/v1", tags=["learning"])


def get_learning(session: SessionDependency) -> LearningSessionProvider:
    return learning_session_provider(session)


def get_analytics(session: SessionDependency) -> LearningSessionAnalyticsProvider:
    return learning_session_analytics_provider(session)


Learning = Annotated[LearningSessionProvider, Depends(get_learning)]
Analytics = Annotated[LearningSessionAnalyticsProvider, Depends(get_analytics)]


@router.post("/sessions", status_code=status.HTTP_201_CREATED)
def start_session(data: SessionStart, session: SessionDependency, learning: Learning, user: CurrentUser) -> SessionRead:
    content = content_provider(session)
    lesson = content.get_lesson(data.lesson_id)
    if lesson is None:
        raise NotFound("no such lesson")
    if lesson.unit_id is not None:
        readable(content, lesson.unit_id, user)
    return learning.start(user.id, data.lesson_id)


@router.get("/sessions")
def list_sessions(learning: Learning, user: CurrentUser, limit: Limit = 50, offset: Offset = 0) -> list[SessionRead]:
    return learning.list_sessions(user.id, limit, offset)


@router.get("/sessions/{session_id}")
def read_session(session_id: Key, learning: Learning, user: CurrentUser) -> SessionRead:
    return learning.get(user.id, session_id)


@router.post("/sessions/{session_id}/answers", status_code=status.HTTP_201_CREATED)
def answer(session_id: Key, data: Answer, learning: Learning, user: CurrentUser) -> AttemptRead:
    return learning.answer(user.id, session_id, data)


@router.post("/sessions/{session_id}/pause")
def pause_session(session_id: Key, learning: Learning, user: CurrentUser) -> SessionRead:
    return learning.pause(user.id, session_id)


@router.post("/sessions/{session_id}/complete")
def complete_session(session_id: Key, learning: Learning, user: CurrentUser) -> Results:
    return learning.complete(user.id, session_id)


@router.get("/analytics/me")
def read_my_figures(analytics: Analytics, user: CurrentUser) -> LearnerFigures:
    return analytics.learner(user.id)


@router.get("/analytics/lessons/{lesson_id}")
def read_lesson_figures(lesson_id: Key, analytics: Analytics, user: CurrentUser) -> list[ExerciseFigures]:
    return analytics.lesson(lesson_id)
