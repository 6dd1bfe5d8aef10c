from sqlalchemy import func, or_, select, update
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.sql import Select

from deeplearn.content.models import LessonModel, UnitModel, UnitSessionModel


class ContentRepo:
    def __init__(self, session: AsyncSession) -> None:
        self.session = session

    # Lessons

    async def lesson(self, lesson_id: str) -> LessonModel | None:
        return await self.session.get(LessonModel, lesson_id)

    async def lessons(self, limit: int = 100, offset: int = 0) -> list[LessonModel]:
        query = select(LessonModel).order_by(LessonModel.created_at.desc(), LessonModel.id)
        return (await self.session.scalars(query.limit(limit).offset(offset))).all()

    async def search_lessons(
        self, text: str | None = None, learner_level: str | None = None, limit: int = 100, offset: int = 0
    ) -> list[LessonModel]:
        query = self._matching(text, learner_level).order_by(LessonModel.title, LessonModel.created_at)
        return (await self.session.scalars(query.limit(limit).offset(offset))).all()

    async def count_lessons(self, text: str | None = None, learner_level: str | None = None) -> int:
        return await self.session.scalar(
            select(func.count()).select_from(self._matching(text, learner_level).subquery())
        )

    def _matching(self, text: str | None, learner_level: str | None) -> Select[tuple[LessonModel]]:
        query = select(LessonModel)
        if text:
            in_unit = UnitModel.title.icontains(text, autoescape=True)
            in_lesson = LessonModel.title.icontains(text, autoescape=True)
            query = query.outerjoin(LessonModel.unit).where(or_(in_lesson, in_unit))
        if learner_level:
            query = query.where(LessonModel.learner_level == learner_level)
        return query

    async def lessons_of_unit(self, unit_id: str, limit: int = 100, offset: int = 0) -> list[LessonModel]:
        query = select(LessonModel).where(LessonModel.unit_id == unit_id)
        return (
            await self.session.scalars(
                query.order_by(LessonModel.created_at, LessonModel.id).limit(limit).offset(offset)
            )
        ).all()

    async def lesson_exists(self, lesson_id: str) -> bool:
        found = select(LessonModel.id).where(LessonModel.id == lesson_id)
        return bool(await self.session.scalar(select(found.exists())))

    async def known_lessons(self, lesson_ids: list[str]) -> list[LessonModel]:
        return (await self.session.scalars(select(LessonModel).where(LessonModel.id.in_(lesson_ids)))).all()

    async def assign(self, lesson_ids: list[str], unit_id: str) -> int:
        """Put lessons into a unit; how many there were."""
        lessons = update(LessonModel).where(LessonModel.id.in_(lesson_ids))
        return (
            await self.session.execute(
                lessons.values({LessonModel.unit_id: unit_id}).execution_options(synchronize_session="fetch")
            )
        ).rowcount

    # Units

    async def unit(self, unit_id: str) -> UnitModel | None:
        return await self.session.get(UnitModel, unit_id)

    async def units(self, limit: int = 100, offset: int = 0) -> list[UnitModel]:
        return await self._page(select(UnitModel), limit, offset)

    async def units_of_user(self, user_id: int, limit: int = 100, offset: int = 0) -> list[UnitModel]:
        return await self._page(select(UnitModel).filter_by(user_id=user_id), limit, offset)

    async def global_units(self, limit: int = 100, offset: int = 0) -> list[UnitModel]:
        return await self._page(select(UnitModel).where(UnitModel.is_global.is_(True)), limit, offset)

    async def units_by_status(self, status: str, limit: int = 100, offset: int = 0) -> list[UnitModel]:
        return await self._page(select(UnitModel).filter_by(status=status), limit, offset)

    async def _page(self, query: Select[tuple[UnitModel]], limit: int, offset: int) -> list[UnitModel]:
        return (
            await self.session.scalars(
                query.order_by(UnitModel.created_at.desc(), UnitModel.id).limit(limit).offset(offset)
            )
        ).all()

    async def count_units(self) -> int:
        return await self.session.scalar(select(func.count()).select_from(UnitModel))

    # Unit sessions

    async def unit_session(self, user_id: int, unit_id: str) -> UnitSessionModel | None:
        return (
            await self.session.scalars(select(UnitSessionModel).filter_by(user_id=user_id, unit_id=unit_id))
        ).one_or_none()

    async def unit_sessions(self, user_id: int) -> list[UnitSessionModel]:
        query = select(UnitSessionModel).filter_by(user_id=user_id)
        return (
            await self.session.scalars(query.order_by(UnitSessionModel.started_at, UnitSessionModel.id))
        ).all()

    # All of them

    async def add(self, entity: LessonModel | UnitModel | UnitSessionModel) -> None:
        self.session.add(entity)
        await self.session.flush()

    async def delete(self, entity: LessonModel | UnitModel | UnitSessionModel) -> None:
        await self.session.delete(entity)
        await self.session.flush()

    async def flush(self) -> None:
        await self.session.flush()
