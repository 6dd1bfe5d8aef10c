"""Figures over the content, which no other module needs."""

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from deeplearn.content.models import LessonModel, UnitModel


class CatalogRepo:
    def __init__(self, session: AsyncSession) -> None:
        self.session = session

    async def lessons_by_level(self) -> dict[str, int]:
        query = select(LessonModel.learner_level, func.count()).group_by(LessonModel.learner_level)
        return {level: count for level, count in await self.session.execute(query)}

    async def units_by_status(self) -> dict[str, int]:
        rows = (
            await self.session.execute(
                select(UnitModel.status, func.count(UnitModel.id)).group_by(UnitModel.status)
            )
        ).all()
        return {row[0]: row[1] for row in rows}

    async def longest_units(self, limit: int) -> list[tuple[str, str, int]]:
        """The shared units with the most lessons: key, title, number of lessons."""
        lessons = func.count(LessonModel.id)
        query = (
            select(UnitModel.id, UnitModel.title, lessons)
            .join(LessonModel, LessonModel.unit_id == UnitModel.id)
            .where(UnitModel.is_global.is_(True))
            .group_by(UnitModel.id, UnitModel.title)
            .order_by(lessons.desc(), UnitModel.title)
            .limit(limit)
        )
        return [(unit_id, title, count) for unit_id, title, count in await self.session.execute(query)]
