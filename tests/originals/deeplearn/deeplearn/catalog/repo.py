"""Figures over the content, which no other module needs."""

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from deeplearn.content.models import LessonModel, UnitModel


class CatalogRepo:
    def __init__(self, session: Session) -> None:
        self.session = session

    def lessons_by_level(self) -> dict[str, int]:
        query = select(LessonModel.learner_level, func.count()).group_by(LessonModel.learner_level)
        return {level: count for level, count in self.session.execute(query)}

    def units_by_status(self) -> dict[str, int]:
        rows = self.session.query(UnitModel.status, func.count(UnitModel.id)).group_by(UnitModel.status).all()
        return {row[0]: row[1] for row in rows}

    def longest_units(self, limit: int) -> list[tuple[str, str, int]]:
        """The shared units with the most lessons: key, title, number of lessons."""
        lessons = func.count(LessonModel.id)
        query = (
            self.session.query(UnitModel.id, UnitModel.title, lessons)
            .join(LessonModel, LessonModel.unit_id == UnitModel.id)
            .filter(UnitModel.is_global.is_(True))
            .group_by(UnitModel.id, UnitModel.title)
            .order_by(lessons.desc(), UnitModel.title)
            .limit(limit)
        )
        return [(unit_id, title, count) for unit_id, title, count in query]
