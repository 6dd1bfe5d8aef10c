"""What the content module takes and gives."""

from datetime import datetime
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from deeplearn.infrastructure.types import KeyText, Level, LongText, Text, Title

UnitStatus = Literal["draft", "in_progress", "completed", "failed"]


class Exercise(BaseModel):
    id: Annotated[Text, Field(max_length=40)]
    question: LongText
    choices: list[LongText] = Field(min_length=2, max_length=8)
    answer: int = Field(ge=0, le=7)


class LessonPackage(BaseModel):
    objectives: list[LongText] = Field(default=[], max_length=20)
    text: LongText
    exercises: list[Exercise] = Field(default=[], max_length=50)


class LessonCreate(BaseModel):
    title: Title
    learner_level: Level = "beginner"
    package: LessonPackage
    unit_id: KeyText | None = None


class LessonRead(BaseModel):
    model_config = ConfigDict(from_attributes=True)

    id: str
    unit_id: str | None
    title: str
    learner_level: str
    package: LessonPackage
    created_at: datetime


class UnitCreate(BaseModel):
    title: Title
    description: Annotated[str, Field(max_length=2000)] = ""
    learner_level: Level = "beginner"
    user_id: int | None = None
    is_global: bool = False
    status: UnitStatus = "completed"


class UnitRead(BaseModel):
    model_config = ConfigDict(from_attributes=True)

    id: str
    user_id: int | None
    title: str
    description: str
    learner_level: str
    is_global: bool
    status: str
    error_message: str | None
    creation_progress: dict[str, Any] | None
    lesson_order: list[str]
    created_at: datetime
    updated_at: datetime
    podcast_voice: str | None
    podcast_duration_seconds: float | None = None
    has_podcast: bool = False


class LessonSummary(BaseModel):
    id: str
    title: str
    learner_level: str
    exercises: int


class UnitDetailRead(UnitRead):
    lessons: list[LessonSummary]
    podcast_transcript: str | None


class UnitPodcastAudio(BaseModel):
    unit_id: str
    content_type: str
    url: str


class UnitSessionRead(BaseModel):
    model_config = ConfigDict(from_attributes=True)

    id: str
    unit_id: str
    user_id: int
    status: str
    progress: float
    last_lesson_id: str | None
    completed_lesson_ids: list[str]
    started_at: datetime
    completed_at: datetime | None
