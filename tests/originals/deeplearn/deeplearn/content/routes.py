from typing import Annotated

from fastapi import APIRouter, Depends, status
from pydantic import Base64Bytes, BaseModel, Field, StringConstraints

from deeplearn.content.public import (
    ContentProvider,
    LessonCreate,
    LessonRead,
    UnitCreate,
    UnitDetailRead,
    UnitPodcastAudio,
    UnitRead,
    UnitSessionRead,
    content_provider,
)
from deeplearn.infrastructure.errors import Forbidden, NotFound
from deeplearn.infrastructure.public import SessionDependency
from deeplearn.infrastructure.types import (
    Key,
    KeyText,
    Level,
    Limit,
    LongText,
    Offset,
    Title,
)
from user.public import CurrentUser, UserRead

router = APIRouter(prefix="/api/v1", tags=["content"])


def get_content(session: SessionDependency) -> ContentProvider:
    return content_provider(session)


Content = Annotated[ContentProvider, Depends(get_content)]


class NewUnit(BaseModel):
    title: Title
    description: Annotated[str, Field(max_length=2000)] = ""
    learner_level: Level = "beginner"


class Rename(BaseModel):
    title: Title


class Sharing(BaseModel):
    is_global: bool


class LessonIds(BaseModel):
    lesson_ids: list[KeyText] = Field(max_length=100)


class Podcast(BaseModel):
    transcript: LongText
    content: Annotated[Base64Bytes, Field(min_length=1, max_length=5_000_000)]
    content_type: Annotated[str, StringConstraints(pattern="^audio/[a-z0-9-]{1,20}$")] = "audio/mpeg"
    voice: Title | None = None


def readable(content: ContentProvider, unit_id: str, user: UserRead) -> UnitRead:
    """The unit, if the user may see it: it is shared, or theirs."""
    unit = content.get_unit(unit_id)
    if unit is None or not (unit.is_global or unit.user_id == user.id):
        raise NotFound("no such unit")
    return unit


def owned(content: ContentProvider, unit_id: str, user: UserRead) -> UnitRead:
    unit = readable(content, unit_id, user)
    if unit.user_id != user.id:
        raise Forbidden("this unit belongs to somebody else")
    return unit


@router.post("/units", status_code=status.HTTP_201_CREATED)
def create_unit(data: NewUnit, content: Content, user: CurrentUser) -> UnitRead:
    return content.create_unit(UnitCreate(**data.model_dump(), user_id=user.id))


@router.get("/units")
def list_units(content: Content, user: CurrentUser, limit: Limit = 50, offset: Offset = 0) -> list[UnitRead]:
    return content.list_units_for_user(user.id, limit, offset)


@router.get("/units/{unit_id}")
def read_unit(unit_id: Key, content: Content, user: CurrentUser) -> UnitDetailRead:
    readable(content, unit_id, user)
    detail = content.get_unit_detail(unit_id)
    if detail is None:
        raise NotFound("no such unit")
    return detail


@router.patch("/units/{unit_id}")
def rename_unit(unit_id: Key, data: Rename, content: Content, user: CurrentUser) -> UnitRead:
    owned(content, unit_id, user)
    return content.rename_unit(unit_id, data.title)


@router.put("/units/{unit_id}/sharing")
def share_unit(unit_id: Key, data: Sharing, content: Content, user: CurrentUser) -> UnitRead:
    readable(content, unit_id, user)
    return content.set_unit_sharing(unit_id, data.is_global, acting_user_id=user.id)


@router.put("/units/{unit_id}/lessons")
def assign_lessons(unit_id: Key, data: LessonIds, content: Content, user: CurrentUser) -> UnitRead:
    owned(content, unit_id, user)
    return content.assign_lessons_to_unit(unit_id, data.lesson_ids)


@router.put("/units/{unit_id}/order")
def order_lessons(unit_id: Key, data: LessonIds, content: Content, user: CurrentUser) -> UnitRead:
    owned(content, unit_id, user)
    return content.set_unit_lesson_order(unit_id, data.lesson_ids)


@router.get("/units/{unit_id}/lessons")
def list_lessons(
    unit_id: Key, content: Content, user: CurrentUser, limit: Limit = 50, offset: Offset = 0
) -> list[LessonRead]:
    readable(content, unit_id, user)
    return content.get_lessons_by_unit(unit_id, limit, offset)


@router.delete("/units/{unit_id}", status_code=status.HTTP_204_NO_CONTENT)
def delete_unit(unit_id: Key, content: Content, user: CurrentUser) -> None:
    owned(content, unit_id, user)
    content.delete_unit(unit_id)


@router.post("/units/{unit_id}/podcast", status_code=status.HTTP_201_CREATED)
def save_podcast(unit_id: Key, data: Podcast, content: Content, user: CurrentUser) -> UnitRead:
    owned(content, unit_id, user)
    return content.save_unit_podcast_from_bytes(
        unit_id, transcript=data.transcript, content=data.content, content_type=data.content_type, voice=data.voice
    )


@router.get("/units/{unit_id}/podcast")
def read_podcast(unit_id: Key, content: Content, user: CurrentUser) -> UnitPodcastAudio:
    readable(content, unit_id, user)
    audio = content.get_unit_podcast_audio(unit_id)
    if audio is None:
        raise NotFound("this unit has no podcast")
    return audio


@router.delete("/units/{unit_id}/podcast")
def remove_podcast(unit_id: Key, content: Content, user: CurrentUser) -> UnitRead:
    owned(content, unit_id, user)
    return content.remove_unit_podcast(unit_id)


@router.get("/units/{unit_id}/session")
def read_unit_session(unit_id: Key, content: Content, user: CurrentUser) -> UnitSessionRead:
    readable(content, unit_id, user)
    return content.get_or_create_unit_session(user.id, unit_id)


@router.delete("/units/{unit_id}/session", status_code=status.HTTP_204_NO_CONTENT)
def reset_unit_session(unit_id: Key, content: Content, user: CurrentUser) -> None:
    if not content.reset_unit_session(user.id, unit_id):
        raise NotFound("this unit was not begun")


@router.get("/me/progress")
def list_unit_sessions(content: Content, user: CurrentUser) -> list[UnitSessionRead]:
    return content.list_unit_sessions(user.id)


@router.post("/lessons", status_code=status.HTTP_201_CREATED)
def save_lesson(data: LessonCreate, content: Content, user: CurrentUser) -> LessonRead:
    if data.unit_id is not None:
        owned(content, data.unit_id, user)
    return content.save_lesson(data)


@router.get("/lessons/{lesson_id}")
def read_lesson(lesson_id: Key, content: Content, user: CurrentUser) -> LessonRead:
    lesson = content.get_lesson(lesson_id)
    if lesson is None:
        raise NotFound("no such lesson")
    if lesson.unit_id is not None:
        readable(content, lesson.unit_id, user)
    return lesson


@router.delete("/lessons/{lesson_id}", status_code=status.HTTP_204_NO_CONTENT)
def delete_lesson(lesson_id: Key, content: Content, user: CurrentUser) -> None:
    lesson = content.get_lesson(lesson_id)
    if lesson is None:
        raise NotFound("no such lesson")
    if lesson.unit_id is not None:
        owned(content, lesson.unit_id, user)
    elif not user.is_admin:
        raise Forbidden("a lesson without a unit is the administrators'")
    content.delete_lesson(lesson_id)
