from sqlalchemy import func, select
from sqlalchemy.orm import Session

from deeplearn.learning_session.models import AttemptModel, LearningSessionModel


class LearningSessionRepo:
    def __init__(self, session: Session) -> None:
        self.session = session

    def by_id(self, session_id: str, user_id: int) -> LearningSessionModel | None:
        return self.session.query(LearningSessionModel).filter_by(id=session_id, user_id=user_id).first()

    def active(self, user_id: int, lesson_id: str) -> LearningSessionModel | None:
        query = select(LearningSessionModel).where(
            LearningSessionModel.user_id == user_id,
            LearningSessionModel.lesson_id == lesson_id,
            LearningSessionModel.status.in_(["active", "paused"]),
        )
        return self.session.execute(query.order_by(LearningSessionModel.started_at)).scalars().first()

    def of_user(self, user_id: int, limit: int, offset: int) -> list[LearningSessionModel]:
        query = self.session.query(LearningSessionModel).filter(LearningSessionModel.user_id == user_id)
        query = query.order_by(LearningSessionModel.started_at.desc(), LearningSessionModel.id)
        return query.limit(limit).offset(offset).all()

    def add(self, entity: LearningSessionModel | AttemptModel) -> None:
        self.session.add(entity)
        self.session.flush()

    def flush(self) -> None:
        self.session.flush()

    # Figures

    def totals(self, user_id: int) -> tuple[int, int, float]:
        """How often a learner has answered, how often rightly, and in how many seconds."""
        row = (
            self.session.query(
                func.count(AttemptModel.id),
                func.count(AttemptModel.id).filter(AttemptModel.is_correct.is_(True)),
                func.coalesce(func.sum(AttemptModel.seconds), 0.0),
            )
            .join(AttemptModel.session)
            .filter(LearningSessionModel.user_id == user_id)
            .one()
        )
        return row[0], row[1], float(row[2])

    def count(self, user_id: int, status: str | None = None) -> int:
        query = self.session.query(LearningSessionModel).filter_by(user_id=user_id)
        if status is not None:
            query = query.filter_by(status=status)
        return query.count()

    def by_exercise(self, lesson_id: str) -> list[tuple[str, int, int]]:
        """Each exercise of a lesson: how often it was answered, and how often rightly."""
        query = (
            select(
                AttemptModel.exercise_id,
                func.count(AttemptModel.id),
                func.count(AttemptModel.id).filter(AttemptModel.is_correct.is_(True)),
            )
            .join(AttemptModel.session)
            .where(LearningSessionModel.lesson_id == lesson_id)
            .group_by(AttemptModel.exercise_id)
            .order_by(AttemptModel.exercise_id)
        )
        return [(row[0], row[1], row[2]) for row in self.session.execute(query)]
