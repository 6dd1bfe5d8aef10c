"""What other modules may use of the content."""

from collections.abc import Iterable
from typing import Any, Protocol

from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import Session

from deeplearn.content.dtos import (
    LessonCreate,
    LessonRead,
    UnitCreate,
    UnitDetailRead,
    UnitPodcastAudio,
    UnitRead,
    UnitSessionRead,
    UnitStatus,
)
from deeplearn.content.repo import ContentRepo
from deeplearn.content.service import ContentService
from deeplearn.object_store.public import object_store_provider


class ContentProvider(Protocol):
    # Lessons
    def get_lesson(self, lesson_id: str) -> LessonRead | None: ...
    def get_all_lessons(self, limit: int = 100, offset: int = 0) -> list[LessonRead]: ...
    def search_lessons(
        self, query: str | None = None, learner_level: str | None = None, limit: int = 100, offset: int = 0
    ) -> list[LessonRead]: ...
    def count_lessons(self, query: str | None = None, learner_level: str | None = None) -> int: ...
    def get_lessons_by_unit(self, unit_id: str, limit: int = 100, offset: int = 0) -> list[LessonRead]: ...
    def lesson_exists(self, lesson_id: str) -> bool: ...
    def save_lesson(self, data: LessonCreate) -> LessonRead: ...
    def delete_lesson(self, lesson_id: str) -> bool: ...

    # Units
    def get_unit(self, unit_id: str) -> UnitRead | None: ...
    def get_unit_detail(self, unit_id: str) -> UnitDetailRead | None: ...
    def list_units(self, limit: int = 100, offset: int = 0) -> list[UnitRead]: ...
    def list_units_for_user(self, user_id: int, limit: int = 100, offset: int = 0) -> list[UnitRead]: ...
    def list_global_units(self, limit: int = 100, offset: int = 0) -> list[UnitRead]: ...
    def get_units_by_status(self, status: str, limit: int = 100, offset: int = 0) -> list[UnitRead]: ...
    def count_units(self) -> int: ...
    def create_unit(self, data: UnitCreate) -> UnitRead: ...
    def rename_unit(self, unit_id: str, title: str) -> UnitRead: ...
    def update_unit_status(
        self,
        unit_id: str,
        status: UnitStatus,
        error_message: str | None = None,
        creation_progress: dict[str, Any] | None = None,
    ) -> UnitRead: ...
    def set_unit_lesson_order(self, unit_id: str, lesson_ids: list[str]) -> UnitRead: ...
    def assign_lessons_to_unit(self, unit_id: str, lesson_ids: list[str]) -> UnitRead: ...
    def assign_unit_owner(self, unit_id: str, owner_user_id: int | None) -> UnitRead: ...
    def set_unit_sharing(self, unit_id: str, is_global: bool, acting_user_id: int | None = None) -> UnitRead: ...
    def delete_unit(self, unit_id: str) -> bool: ...

    # Podcasts
    def set_unit_podcast(
        self, unit_id: str, *, transcript: str | None, audio_id: str | None, voice: str | None = None
    ) -> UnitRead: ...
    def save_unit_podcast_from_bytes(
        self, unit_id: str, *, transcript: str, content: bytes, content_type: str, voice: str | None
    ) -> UnitRead: ...
    async def save_unit_podcast_from_bytes_async(
        self, unit_id: str, *, transcript: str, content: bytes, content_type: str, voice: str | None
    ) -> UnitRead: ...
    def get_unit_podcast_audio(self, unit_id: str) -> UnitPodcastAudio | None: ...
    def remove_unit_podcast(self, unit_id: str) -> UnitRead: ...

    # Unit sessions
    def get_unit_session(self, user_id: int, unit_id: str) -> UnitSessionRead | None: ...
    def get_or_create_unit_session(self, user_id: int, unit_id: str) -> UnitSessionRead: ...
    def list_unit_sessions(self, user_id: int) -> list[UnitSessionRead]: ...
    def update_unit_session_progress(
        self, user_id: int, unit_id: str, *, last_lesson_id: str | None = None, completed_lesson_id: str | None = None
    ) -> UnitSessionRead: ...
    def reset_unit_session(self, user_id: int, unit_id: str) -> bool: ...


def content_provider(session: Session) -> ContentProvider:
    object_store = object_store_provider(_SyncSessionAsyncAdapter(session))
    return ContentService(ContentRepo(session), object_store)


class _SyncSessionAsyncAdapter(AsyncSession):
    """Dresses a synchronous session as an asynchronous one, as far as the object store needs it."""

    def __init__(self, session: Session) -> None:
        self._session = session

    async def get(self, *args: Any, **kwargs: Any) -> Any:
        return self._session.get(*args, **kwargs)

    async def execute(self, *args: Any, **kwargs: Any) -> Any:
        return self._session.execute(*args, **kwargs)

    def add(self, instance: object, _warn: bool = True) -> None:
        self._session.add(instance)

    def add_all(self, instances: Iterable[object]) -> None:
        self._session.add_all(instances)

    async def flush(self, objects: Any = None) -> None:
        self._session.flush(objects)

    async def delete(self, instance: object) -> None:
        self._session.delete(instance)


__all__ = [
    "ContentProvider",
    "LessonCreate",
    "LessonRead",
    "UnitCreate",
    "UnitDetailRead",
    "UnitPodcastAudio",
    "UnitRead",
    "UnitSessionRead",
    "content_provider",
]
