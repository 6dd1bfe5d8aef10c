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

T = TypeVar("T")
ENDINGS = {"audio/mpeg": ".mp3", "audio/wav": ".wav", "audio/x-wav": ".wav", "audio/flac": ".flac", "audio/mp4": ".m4a"}


class ContentService:
    def __init__(self, repo: ContentRepo, object_store: ObjectStoreProvider | None = None) -> None:
        self.repo = repo
        self._object_store = object_store
        self._audio: dict[str, AudioRead | None] = {}

    # Lessons

    async def get_lesson(self, lesson_id: str) -> LessonRead | None:
        lesson = await self.repo.lesson(lesson_id)
        return LessonRead.model_validate(lesson) if lesson else None

    async def get_all_lessons(self, limit: int = 100, offset: int = 0) -> list[LessonRead]:
        return [LessonRead.model_validate(lesson) for lesson in await self.repo.lessons(limit, offset)]

    async def search_lessons(
        self, query: str | None = None, learner_level: str | None = None, limit: int = 100, offset: int = 0
    ) -> list[LessonRead]:
        found = await self.repo.search_lessons(query, learner_level, limit, offset)
        return [LessonRead.model_validate(lesson) for lesson in found]

    async def count_lessons(self, query: str | None = None, learner_level: str | None = None) -> int:
        return await self.repo.count_lessons(query, learner_level)

    async def get_lessons_by_unit(self, unit_id: str, limit: int = 100, offset: int = 0) -> list[LessonRead]:
        return [LessonRead.model_validate(lesson) for lesson in await self.repo.lessons_of_unit(unit_id, limit, offset)]

    async def lesson_exists(self, lesson_id: str) -> bool:
        return await self.repo.lesson_exists(lesson_id)

    async def save_lesson(self, data: LessonCreate) -> LessonRead:
        """Add a lesson, to the end of its unit if it has one."""
        unit = await self._unit(data.unit_id) if data.unit_id else None
        lesson = LessonModel(**data.model_dump())
        await self.repo.add(lesson)
        if unit is not None:
            unit.lesson_order = [*unit.lesson_order, lesson.id]
            await self.repo.flush()
        return LessonRead.model_validate(lesson)

    async def delete_lesson(self, lesson_id: str) -> bool:
        lesson = await self.repo.lesson(lesson_id)
        if lesson is None:
            return False
        unit = await lesson.awaitable_attrs.unit
        if unit is not None:
            unit.lesson_order = [key for key in unit.lesson_order if key != lesson_id]
        await self.repo.delete(lesson)
        return True

    # Units

    async def get_unit(self, unit_id: str) -> UnitRead | None:
        unit = await self.repo.unit(unit_id)
        return await self._read(unit) if unit else None

    async def get_unit_detail(self, unit_id: str) -> UnitDetailRead | None:
        """A unit with its lessons, in the order that was set for them."""
        unit = await self.repo.unit(unit_id)
        if unit is None:
            return None
        read, lessons = await self._read(unit), await ordered(unit)
        return UnitDetailRead(**read.model_dump(), lessons=lessons, podcast_transcript=unit.podcast_transcript)

    async def list_units(self, limit: int = 100, offset: int = 0) -> list[UnitRead]:
        return [await self._read(unit) for unit in await self.repo.units(limit, offset)]

    async def list_units_for_user(self, user_id: int, limit: int = 100, offset: int = 0) -> list[UnitRead]:
        return [await self._read(unit) for unit in await self.repo.units_of_user(user_id, limit, offset)]

    async def list_global_units(self, limit: int = 100, offset: int = 0) -> list[UnitRead]:
        return [await self._read(unit) for unit in await self.repo.global_units(limit, offset)]

    async def get_units_by_status(self, status: str, limit: int = 100, offset: int = 0) -> list[UnitRead]:
        return [await self._read(unit) for unit in await self.repo.units_by_status(status, limit, offset)]

    async def count_units(self) -> int:
        return await self.repo.count_units()

    async def create_unit(self, data: UnitCreate) -> UnitRead:
        unit = UnitModel(**data.model_dump())
        await self.repo.add(unit)
        return await self._read(unit)

    async def rename_unit(self, unit_id: str, title: str) -> UnitRead:
        unit = await self._unit(unit_id)
        unit.title = title
        return await self._saved(unit)

    async def update_unit_status(
        self,
        unit_id: str,
        status: UnitStatus,
        error_message: str | None = None,
        creation_progress: dict[str, Any] | None = None,
    ) -> UnitRead:
        unit = await self._unit(unit_id)
        unit.status = status
        unit.error_message = error_message
        if creation_progress is not None:
            unit.creation_progress = creation_progress
        return await self._saved(unit)

    async def set_unit_lesson_order(self, unit_id: str, lesson_ids: list[str]) -> UnitRead:
        unit = await self._unit(unit_id)
        if sorted(lesson_ids) != sorted(lesson.id for lesson in await unit.awaitable_attrs.lessons):
            raise Conflict("the order has to name each lesson of the unit once")
        unit.lesson_order = lesson_ids
        return await self._saved(unit)

    async def assign_lessons_to_unit(self, unit_id: str, lesson_ids: list[str]) -> UnitRead:
        """Put lessons into a unit, behind those that it has."""
        unit = await self._unit(unit_id)
        lessons = await self.repo.known_lessons(lesson_ids)
        if len(lessons) != len(set(lesson_ids)):
            raise NotFound("no such lesson")
        if any(lesson.unit_id not in (None, unit_id) for lesson in lessons):
            raise Conflict("a lesson belongs to another unit")
        await self.repo.assign(lesson_ids, unit_id)
        unit.lesson_order = list(dict.fromkeys([*unit.lesson_order, *lesson_ids]))
        return await self._saved(unit)

    async def assign_unit_owner(self, unit_id: str, owner_user_id: int | None) -> UnitRead:
        unit = await self._unit(unit_id)
        unit.user_id = owner_user_id
        return await self._saved(unit)

    async def set_unit_sharing(self, unit_id: str, is_global: bool, acting_user_id: int | None = None) -> UnitRead:
        unit = await self._unit(unit_id)
        if acting_user_id is not None and unit.user_id != acting_user_id:
            raise Forbidden("only the owner may share a unit")
        unit.is_global = is_global
        return await self._saved(unit)

    async def delete_unit(self, unit_id: str) -> bool:
        unit = await self.repo.unit(unit_id)
        if unit is None:
            return False
        for lesson in await unit.awaitable_attrs.lessons:
            lesson.unit_id = None
        await self.repo.delete(unit)
        return True

    # Podcasts

    async def set_unit_podcast(
        self, unit_id: str, *, transcript: str | None, audio_id: str | None, voice: str | None = None
    ) -> UnitRead:
        unit = await self._unit(unit_id)
        unit.podcast_transcript = transcript
        unit.podcast_audio_id = audio_id
        unit.podcast_voice = voice
        return await self._saved(unit)

    async def save_unit_podcast_from_bytes(
        self, unit_id: str, *, transcript: str, content: bytes, content_type: str, voice: str | None
    ) -> UnitRead:
        """Store a recording and make it the unit's podcast."""
        unit = await self._unit(unit_id)
        audio = await self._store().upload_audio(
            AudioCreate(
                user_id=unit.user_id,
                filename=podcast_filename(unit_id, content_type),
                content_type=content_type,
                content=content,
                transcript=transcript,
            )
        )
        return await self.set_unit_podcast(unit_id, transcript=transcript, audio_id=audio.id, voice=voice)

    async def get_unit_podcast_audio(self, unit_id: str) -> UnitPodcastAudio | None:
        """Where a unit's podcast can be heard."""
        unit = await self.repo.unit(unit_id)
        audio = await self._audio_of(unit) if unit else None
        if audio is None:
            return None
        url = await self._store().signed_url(audio.id)
        return UnitPodcastAudio(unit_id=unit_id, content_type=audio.content_type, url=url)

    async def remove_unit_podcast(self, unit_id: str) -> UnitRead:
        unit = await self._unit(unit_id)
        audio_id = unit.podcast_audio_id
        read = await self.set_unit_podcast(unit_id, transcript=None, audio_id=None)
        if audio_id is not None:
            self._audio.pop(audio_id, None)
            await self._store().delete_audio(audio_id)
        return read

    async def _audio_of(self, unit: UnitModel) -> AudioRead | None:
        """What is known of a unit's recording; in a running event loop it can't be asked for."""
        audio_id = unit.podcast_audio_id
        if audio_id is None or self._object_store is None:
            return None
        if audio_id in self._audio:
            return self._audio[audio_id]
        self._audio[audio_id] = await self._object_store.get_audio(audio_id)
        return self._audio[audio_id]

    def _store(self) -> ObjectStoreProvider:
        if self._object_store is None:
            raise RuntimeError("there is no object store to keep recordings in")
        return self._object_store

    # Unit sessions

    async def get_unit_session(self, user_id: int, unit_id: str) -> UnitSessionRead | None:
        found = await self.repo.unit_session(user_id, unit_id)
        return UnitSessionRead.model_validate(found) if found else None

    async def get_or_create_unit_session(self, user_id: int, unit_id: str) -> UnitSessionRead:
        return UnitSessionRead.model_validate(await self._unit_session(user_id, unit_id))

    async def list_unit_sessions(self, user_id: int) -> list[UnitSessionRead]:
        return [UnitSessionRead.model_validate(found) for found in await self.repo.unit_sessions(user_id)]

    async def update_unit_session_progress(
        self, user_id: int, unit_id: str, *, last_lesson_id: str | None = None, completed_lesson_id: str | None = None
    ) -> UnitSessionRead:
        """Note how far a learner has come; a unit is completed with its last lesson."""
        found = await self._unit_session(user_id, unit_id)
        if last_lesson_id is not None:
            found.last_lesson_id = last_lesson_id
        if completed_lesson_id is not None and completed_lesson_id not in found.completed_lesson_ids:
            found.completed_lesson_ids = [*found.completed_lesson_ids, completed_lesson_id]
        lessons = len(await (await found.awaitable_attrs.unit).awaitable_attrs.lessons)
        found.progress = round(100 * len(found.completed_lesson_ids) / lessons, 1) if lessons else 0.0
        if found.progress >= 100 and found.status != "completed":
            found.status, found.completed_at = "completed", now()
        await self.repo.flush()
        return UnitSessionRead.model_validate(found)

    async def reset_unit_session(self, user_id: int, unit_id: str) -> bool:
        found = await self.repo.unit_session(user_id, unit_id)
        if found is None:
            return False
        await self.repo.delete(found)
        return True

    async def _unit_session(self, user_id: int, unit_id: str) -> UnitSessionModel:
        found = await self.repo.unit_session(user_id, unit_id)
        if found is None:
            await self._unit(unit_id)
            found = UnitSessionModel(user_id=user_id, unit_id=unit_id, completed_lesson_ids=[], progress=0.0)
            await self.repo.add(found)
        return found

    # All of them

    async def _unit(self, unit_id: str) -> UnitModel:
        unit = await self.repo.unit(unit_id)
        if unit is None:
            raise NotFound("no such unit")
        return unit

    async def _saved(self, unit: UnitModel) -> UnitRead:
        await self.repo.flush()
        return await self._read(unit)

    async def _read(self, unit: UnitModel) -> UnitRead:
        read = UnitRead.model_validate(unit)
        audio = await self._audio_of(unit)
        seconds = audio.duration_seconds if audio else None
        return read.model_copy(
            update={"has_podcast": unit.podcast_audio_id is not None, "podcast_duration_seconds": seconds}
        )


def podcast_filename(unit_id: str, content_type: str) -> str:
    return f"unit-{unit_id}{ENDINGS.get(content_type.lower(), '.bin')}"


async def ordered(unit: UnitModel) -> list[LessonSummary]:
    """The lessons of a unit in the order that was set; those that it does not name come last."""
    places = {lesson_id: place for place, lesson_id in enumerate(unit.lesson_order)}
    lessons = list(await unit.awaitable_attrs.lessons)
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
