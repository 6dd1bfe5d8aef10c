from datetime import datetime
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

from deeplearn.infrastructure.types import KeyText, Text


class SessionStart(BaseModel):
    lesson_id: KeyText


class Answer(BaseModel):
    exercise_id: Annotated[Text, Field(max_length=40)]
    choice: int = Field(ge=0, le=7)
    seconds: float = Field(0.0, ge=0, le=86_400)


class AttemptRead(BaseModel):
    model_config = ConfigDict(from_attributes=True)

    exercise_id: str
    is_correct: bool
    seconds: float


class SessionRead(BaseModel):
    model_config = ConfigDict(from_attributes=True)

    id: str
    lesson_id: str
    unit_id: str | None
    status: str
    exercises: int
    started_at: datetime
    completed_at: datetime | None
    attempts: list[AttemptRead]


class Results(BaseModel):
    session_id: str
    exercises: int
    correct: int
    score: float
    seconds: float
    unit_progress: float | None


class LearnerFigures(BaseModel):
    sessions: int
    completed: int
    answers: int
    correct: int
    accuracy: float
    minutes: float


class ExerciseFigures(BaseModel):
    exercise_id: str
    answers: int
    correct: int
    accuracy: float
