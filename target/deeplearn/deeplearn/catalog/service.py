from pydantic import BaseModel

from deeplearn.catalog.repo import CatalogRepo
from deeplearn.content.public import (
    ContentProvider,
    LessonRead,
    UnitDetailRead,
    UnitRead,
)
from deeplearn.infrastructure.errors import NotFound


class LessonEntry(BaseModel):
    id: str
    unit_id: str | None
    title: str
    learner_level: str
    objectives: list[str]
    exercises: int


class LessonPage(BaseModel):
    total: int
    items: list[LessonEntry]


class LongUnit(BaseModel):
    id: str
    title: str
    lessons: int


class Statistics(BaseModel):
    units: int
    lessons: int
    lessons_by_level: dict[str, int]
    units_by_status: dict[str, int]
    longest_units: list[LongUnit]


class CatalogService:
    def __init__(self, repo: CatalogRepo, content: ContentProvider) -> None:
        self.repo = repo
        self.content = content

    async def browse_lessons(
        self, text: str | None = None, learner_level: str | None = None, limit: int = 50, offset: int = 0
    ) -> LessonPage:
        found = await self.content.search_lessons(text, learner_level, limit, offset)
        return LessonPage(total=await self.content.count_lessons(text, learner_level), items=[entry(item) for item in found])

    async def browse_units(self, limit: int = 50, offset: int = 0) -> list[UnitRead]:
        return await self.content.list_global_units(limit, offset)

    async def unit(self, unit_id: str) -> UnitDetailRead:
        detail = await self.content.get_unit_detail(unit_id)
        if detail is None or not detail.is_global:
            raise NotFound("no such unit")
        return detail

    async def statistics(self) -> Statistics:
        longest = [LongUnit(id=key, title=title, lessons=n) for key, title, n in await self.repo.longest_units(5)]
        return Statistics(
            units=await self.content.count_units(),
            lessons=await self.content.count_lessons(),
            lessons_by_level=await self.repo.lessons_by_level(),
            units_by_status=await self.repo.units_by_status(),
            longest_units=longest,
        )


def entry(lesson: LessonRead) -> LessonEntry:
    return LessonEntry(
        id=lesson.id,
        unit_id=lesson.unit_id,
        title=lesson.title,
        learner_level=lesson.learner_level,
        objectives=lesson.package.objectives,
        exercises=len(lesson.package.exercises),
    )
