from sqlalchemy import or_
from sqlalchemy.orm import Query, Session

from deeplearn.content.models import LessonModel, UnitModel, UnitSessionModel


class ContentRepo:
    def __init__(self, session: Session) -> None:
        self.session = session

    # Lessons

    def lesson(self, lesson_id: str) -> LessonModel | None:
        return self.session.get(LessonModel, lesson_id)

    def lessons(self, limit: int = 100, offset: int = 0) -> list[LessonModel]:
        query = self.session.query(LessonModel).order_by(LessonModel.created_at.desc(), LessonModel.id)
        return query.limit(limit).offset(offset).all()

    def search_lessons(
        self, text: str | None = None, learner_level: str | None = None, limit: int = 100, offset: int = 0
    ) -> list[LessonModel]:
        query = self._matching(text, learner_level).order_by(LessonModel.title, LessonModel.created_at)
        return query.limit(limit).offset(offset).all()

    def count_lessons(self, text: str | None = None, learner_level: str | None = None) -> int:
        return self._matching(text, learner_level).count()

    def _matching(self, text: str | None, learner_level: str | None) -> Query[LessonModel]:
        query = self.session.query(LessonModel)
        if text:
            in_unit = UnitModel.title.icontains(text, autoescape=True)
            in_lesson = LessonModel.title.icontains(text, autoescape=True)
            query = query.outerjoin(LessonModel.unit).filter(or_(in_lesson, in_unit))
        if learner_level:
            query = query.filter(LessonModel.learner_level == learner_level)
        return query

    def lessons_of_unit(self, unit_id: str, limit: int = 100, offset: int = 0) -> list[LessonModel]:
        query = self.session.query(LessonModel).filter(LessonModel.unit_id == unit_id)
        return query.order_by(LessonModel.created_at, LessonModel.id).limit(limit).offset(offset).all()

    def lesson_exists(self, lesson_id: str) -> bool:
        found = self.session.query(LessonModel.id).filter(LessonModel.id == lesson_id)
        return bool(self.session.query(found.exists()).scalar())

    def known_lessons(self, lesson_ids: list[str]) -> list[LessonModel]:
        return self.session.query(LessonModel).filter(LessonModel.id.in_(lesson_ids)).all()

    def assign(self, lesson_ids: list[str], unit_id: str) -> int:
        """Put lessons into a unit; how many there were."""
        lessons = self.session.query(LessonModel).filter(LessonModel.id.in_(lesson_ids))
        return lessons.update({LessonModel.unit_id: unit_id}, synchronize_session="fetch")

    # Units

    def unit(self, unit_id: str) -> UnitModel | None:
        return self.session.get(UnitModel, unit_id)

    def units(self, limit: int = 100, offset: int = 0) -> list[UnitModel]:
        return self._page(self.session.query(UnitModel), limit, offset)

    def units_of_user(self, user_id: int, limit: int = 100, offset: int = 0) -> list[UnitModel]:
        return self._page(self.session.query(UnitModel).filter_by(user_id=user_id), limit, offset)

    def global_units(self, limit: int = 100, offset: int = 0) -> list[UnitModel]:
        return self._page(self.session.query(UnitModel).filter(UnitModel.is_global.is_(True)), limit, offset)

    def units_by_status(self, status: str, limit: int = 100, offset: int = 0) -> list[UnitModel]:
        return self._page(self.session.query(UnitModel).filter_by(status=status), limit, offset)

    def _page(self, query: Query[UnitModel], limit: int, offset: int) -> list[UnitModel]:
        return query.order_by(UnitModel.created_at.desc(), UnitModel.id).limit(limit).offset(offset).all()

    def count_units(self) -> int:
        return self.session.query(UnitModel).count()

    # Unit sessions

    def unit_session(self, user_id: int, unit_id: str) -> UnitSessionModel | None:
        return self.session.query(UnitSessionModel).filter_by(user_id=user_id, unit_id=unit_id).one_or_none()

    def unit_sessions(self, user_id: int) -> list[UnitSessionModel]:
        query = self.session.query(UnitSessionModel).filter_by(user_id=user_id)
        return query.order_by(UnitSessionModel.started_at, UnitSessionModel.id).all()

    # All of them

    def add(self, entity: LessonModel | UnitModel | UnitSessionModel) -> None:
        self.session.add(entity)
        self.session.flush()

    def delete(self, entity: LessonModel | UnitModel | UnitSessionModel) -> None:
        self.session.delete(entity)
        self.session.flush()

    def flush(self) -> None:
        self.session.flush()
