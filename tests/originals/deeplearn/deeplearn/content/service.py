import asyncio
import logging
from collections.abc import Coroutine
from typing import Any, TypeVar

from deeplearn.content.dtos import (
    LessonCreate,
    LessonRead,
    LessonSummary,
    UnitCreate,
    UnitDetailRead,
    UnitPodcastAudio,
    UnitRead,
    UnitSessionRead,
    UnitStatus,
)
from deeplearn.content.models import LessonModel, UnitModel, UnitSessionModel
from deeplearn.content.repo import ContentRepo
from deeplearn.infrastructure.errors import Conflict, Forbidden, NotFound
from deeplearn.infrastructure.models import now
from deeplearn.object_store.public import AudioCreate, AudioRead, ObjectStoreProvider

logger = logging.getLogger(__name__)

T = TypeVar("T")
ENDINGS = {"audio/mpeg": ".mp3", "audio/wav": ".wav", "audio/x-wav": ".wav", "audio/flac": ".flac", "audio/mp4": ".m4a"}


class ContentService:
    def __init__(self, repo: ContentRepo, object_store: ObjectStoreProvider | None = None) -> None:
        self.repo = repo
        self._object_store = object_store
        self._audio: dict[str, AudioRead | None] = {}

    # Lessons

    def get_lesson(self, lesson_id: str) -> LessonRead | None:
        lesson = self.repo.lesson(lesson_id)
        return LessonRead.model_validate(lesson) if lesson else None

    def get_all_lessons(self, limit: int = 100, offset: int = 0) -> list[LessonRead]:
        return [LessonRead.model_validate(lesson) for lesson in self.repo.lessons(limit, offset)]

    def search_lessons(
        self, query: str | None = None, learner_level: str | None = None, limit: int = 100, offset: int = 0
    ) -> list[LessonRead]:
        found = self.repo.search_lessons(query, learner_level, limit, offset)
        return [LessonRead.model_validate(lesson) for lesson in found]

    def count_lessons(self, query: str | None = None, learner_level: str | None = None) -> int:
        return self.repo.count_lessons(query, learner_level)

    def get_lessons_by_unit(self, unit_id: str, limit: int = 100, offset: int = 0) -> list[LessonRead]:
        return [LessonRead.model_validate(lesson) for lesson in self.repo.lessons_of_unit(unit_id, limit, offset)]

    def lesson_exists(self, lesson_id: str) -> bool:
        return self.repo.lesson_exists(lesson_id)

    def save_lesson(self, data: LessonCreate) -> LessonRead:
        """Add a lesson, to the end of its unit if it has one."""
        unit = self._unit(data.unit_id) if data.unit_id else None
        lesson = LessonModel(**data.model_dump())
        self.repo.add(lesson)
        if unit is not None:
            unit.lesson_order = [*unit.lesson_order, lesson.id]
            self.repo.flush()
        return LessonRead.model_validate(lesson)

    def delete_lesson(self, lesson_id: str) -> bool:
        lesson = self.repo.lesson(lesson_id)
        if lesson is None:
            return False
        unit = lesson.unit
        if unit is not None:
            unit.lesson_order = [key for key in unit.lesson_order if key != lesson_id]
        self.repo.delete(lesson)
        return True

    # Units

    def get_unit(self, unit_id: str) -> UnitRead | None:
        unit = self.repo.unit(unit_id)
        return self._read(unit) if unit else None

    def get_unit_detail(self, unit_id: str) -> UnitDetailRead | None:
        """A unit with its lessons, in the order that was set for them."""
        unit = self.repo.unit(unit_id)
        if unit is None:
            return None
        read, lessons = self._read(unit), ordered(unit)
        return UnitDetailRead(**read.model_dump(), lessons=lessons, podcast_transcript=unit.podcast_transcript)

    def list_units(self, limit: int = 100, offset: int = 0) -> list[UnitRead]:
        return [self._read(unit) for unit in self.repo.units(limit, offset)]

    def list_units_for_user(self, user_id: int, limit: int = 100, offset: int = 0) -> list[UnitRead]:
        return [self._read(unit) for unit in self.repo.units_of_user(user_id, limit, offset)]

    def list_global_units(self, limit: int = 100, offset: int = 0) -> list[UnitRead]:
        return [self._read(unit) for unit in self.repo.global_units(limit, offset)]

    def get_units_by_status(self, status: str, limit: int = 100, offset: int = 0) -> list[UnitRead]:
        return [self._read(unit) for unit in self.repo.units_by_status(status, limit, offset)]

    def count_units(self) -> int:
        return self.repo.count_units()

    def create_unit(self, data: UnitCreate) -> UnitRead:
        unit = UnitModel(**data.model_dump())
        self.repo.add(unit)
        return self._read(unit)

    def rename_unit(self, unit_id: str, title: str) -> UnitRead:
        unit = self._unit(unit_id)
        unit.title = title
        return self._saved(unit)

    def update_unit_status(
        self,
        unit_id: str,
        status: UnitStatus,
        error_message: str | None = None,
        creation_progress: dict[str, Any] | None = None,
    ) -> UnitRead:
        unit = self._unit(unit_id)
        unit.status = status
        unit.error_message = error_message
        if creation_progress is not None:
            unit.creation_progress = creation_progress
        return self._saved(unit)

    def set_unit_lesson_order(self, unit_id: str, lesson_ids: list[str]) -> UnitRead:
        unit = self._unit(unit_id)
        if sorted(lesson_ids) != sorted(lesson.id for lesson in unit.lessons):
            raise Conflict("the order has to name each lesson of the unit once")
        unit.lesson_order = lesson_ids
        return self._saved(unit)

    def assign_lessons_to_unit(self, unit_id: str, lesson_ids: list[str]) -> UnitRead:
        """Put lessons into a unit, behind those that it has."""
        unit = self._unit(unit_id)
        lessons = self.repo.known_lessons(lesson_ids)
        if len(lessons) != len(set(lesson_ids)):
            raise NotFound("no such lesson")
        if any(lesson.unit_id not in (None, unit_id) for lesson in lessons):
            raise Conflict("a lesson belongs to another unit")
        self.repo.assign(lesson_ids, unit_id)
        unit.lesson_order = list(dict.fromkeys([*unit.lesson_order, *lesson_ids]))
        return self._saved(unit)

    def assign_unit_owner(self, unit_id: str, owner_user_id: int | None) -> UnitRead:
        unit = self._unit(unit_id)
        unit.user_id = owner_user_id
        return self._saved(unit)

    def set_unit_sharing(self, unit_id: str, is_global: bool, acting_user_id: int | None = None) -> UnitRead:
        unit = self._unit(unit_id)
        if acting_user_id is not None and unit.user_id != acting_user_id:
            raise Forbidden("only the owner may share a unit")
        unit.is_global = is_global
        return self._saved(unit)

    def delete_unit(self, unit_id: str) -> bool:
        unit = self.repo.unit(unit_id)
        if unit is None:
            return False
        for lesson in unit.lessons:
            lesson.unit_id = None
        self.repo.delete(unit)
        return True

    # Podcasts

    def set_unit_podcast(
        self, unit_id: str, *, transcript: str | None, audio_id: str | None, voice: str | None = None
    ) -> UnitRead:
        unit = self._unit(unit_id)
        unit.podcast_transcript = transcript
        unit.podcast_audio_id = audio_id
        unit.podcast_voice = voice
        return self._saved(unit)

    def save_unit_podcast_from_bytes(
        self, unit_id: str, *, transcript: str, content: bytes, content_type: str, voice: str | None
    ) -> UnitRead:
        """Store a recording and make it the unit's podcast."""
        unit = self._unit(unit_id)
        audio = self._run_async(
            self._store().upload_audio(
                AudioCreate(
                    user_id=unit.user_id,
                    filename=podcast_filename(unit_id, content_type),
                    content_type=content_type,
                    content=content,
                    transcript=transcript,
                )
            )
        )
        return self.set_unit_podcast(unit_id, transcript=transcript, audio_id=audio.id, voice=voice)

    async def save_unit_podcast_from_bytes_async(
        self, unit_id: str, *, transcript: str, content: bytes, content_type: str, voice: str | None
    ) -> UnitRead:
        """Store a recording and make it the unit's podcast."""
        unit = self._unit(unit_id)
        audio = await self._store().upload_audio(
            AudioCreate(
                user_id=unit.user_id,
                filename=podcast_filename(unit_id, content_type),
                content_type=content_type,
                content=content,
                transcript=transcript,
            )
        )
        return self.set_unit_podcast(unit_id, transcript=transcript, audio_id=audio.id, voice=voice)

    def get_unit_podcast_audio(self, unit_id: str) -> UnitPodcastAudio | None:
        """Where a unit's podcast can be heard."""
        unit = self.repo.unit(unit_id)
        audio = self._audio_of(unit) if unit else None
        if audio is None:
            return None
        url = self._run_async(self._store().signed_url(audio.id))
        return UnitPodcastAudio(unit_id=unit_id, content_type=audio.content_type, url=url)

    def remove_unit_podcast(self, unit_id: str) -> UnitRead:
        unit = self._unit(unit_id)
        audio_id = unit.podcast_audio_id
        read = self.set_unit_podcast(unit_id, transcript=None, audio_id=None)
        if audio_id is not None:
            self._audio.pop(audio_id, None)
            self._run_async(self._store().delete_audio(audio_id))
        return read

    def _audio_of(self, unit: UnitModel) -> AudioRead | None:
        """What is known of a unit's recording; in a running event loop it can't be asked for."""
        audio_id = unit.podcast_audio_id
        if audio_id is None or self._object_store is None:
            return None
        if audio_id in self._audio:
            return self._audio[audio_id]
        loop_running = False
        try:
            asyncio.get_running_loop()
            loop_running = True
        except RuntimeError:
            loop_running = False
        if loop_running:
            logger.debug("the recording %s is not looked up inside of an event loop", audio_id)
            return None
        self._audio[audio_id] = self._run_async(self._object_store.get_audio(audio_id))
        return self._audio[audio_id]

    def _store(self) -> ObjectStoreProvider:
        if self._object_store is None:
            raise RuntimeError("there is no object store to keep recordings in")
        return self._object_store

    @staticmethod
    def _run_async(coroutine: Coroutine[Any, Any, T]) -> T:
        """Run a coroutine to its end from synchronous code."""
        return asyncio.run(coroutine)

    # Unit sessions

    def get_unit_session(self, user_id: int, unit_id: str) -> UnitSessionRead | None:
        found = self.repo.unit_session(user_id, unit_id)
        return UnitSessionRead.model_validate(found) if found else None

    def get_or_create_unit_session(self, user_id: int, unit_id: str) -> UnitSessionRead:
        return UnitSessionRead.model_validate(self._unit_session(user_id, unit_id))

    def list_unit_sessions(self, user_id: int) -> list[UnitSessionRead]:
        return [UnitSessionRead.model_validate(found) for found in self.repo.unit_sessions(user_id)]

    def update_unit_session_progress(
        self, user_id: int, unit_id: str, *, last_lesson_id: str | None = None, completed_lesson_id: str | None = None
    ) -> UnitSessionRead:
        """Note how far a learner has come; a unit is completed with its last lesson."""
        found = self._unit_session(user_id, unit_id)
        if last_lesson_id is not None:
            found.last_lesson_id = last_lesson_id
        if completed_lesson_id is not None and completed_lesson_id not in found.completed_lesson_ids:
            found.completed_lesson_ids = [*found.completed_lesson_ids, completed_lesson_id]
        lessons = len(found.unit.lessons)
        found.progress = round(100 * len(found.completed_lesson_ids) / lessons, 1) if lessons else 0.0
        if found.progress >= 100 and found.status != "completed":
            found.status, found.completed_at = "completed", now()
        self.repo.flush()
        return UnitSessionRead.model_validate(found)

    def reset_unit_session(self, user_id: int, unit_id: str) -> bool:
        found = self.repo.unit_session(user_id, unit_id)
        if found is None:
            return False
        self.repo.delete(found)
        return True

    def _unit_session(self, user_id: int, unit_id: str) -> UnitSessionModel:
        found = self.repo.unit_session(user_id, unit_id)
        if found is None:
            self._unit(unit_id)
            found = UnitSessionModel(user_id=user_id, unit_id=unit_id, completed_lesson_ids=[], progress=0.0)
            self.repo.add(found)
        return found

    # All of them

    def _unit(self, unit_id: str) -> UnitModel:
        unit = self.repo.unit(unit_id)
        if unit is None:
            raise NotFound("no such unit")
        return unit

    def _saved(self, unit: UnitModel) -> UnitRead:
        self.repo.flush()
        return self._read(unit)

    def _read(self, unit: UnitModel) -> UnitRead:
        read = UnitRead.model_validate(unit)
        audio = self._audio_of(unit)
        seconds = audio.duration_seconds if audio else None
        return read.model_copy(
            update={"has_podcast": unit.podcast_audio_id is not None, "podcast_duration_seconds": seconds}
        )


def podcast_filename(unit_id: str, content_type: str) -> str:
    return f"unit-{unit_id}{ENDINGS.get(content_type.lower(), '.bin')}"


def ordered(unit: UnitModel) -> list[LessonSummary]:
    """The lessons of a unit in the order that was set; those that it does not name come last."""
    places = {lesson_id: place for place, lesson_id in enumerate(unit.lesson_order)}
    lessons = list(unit.lessons)
    lessons.sort(key=lambda lesson: places.get(lesson.id, len(places)))
    return [
        LessonSummary(
            id=lesson.id,
            title=lesson.title,
            learner_level=lesson.learner_level,
            exercises=len(lesson.package.get("exercises", ())),
        )
        for lesson in lessons
    ]
