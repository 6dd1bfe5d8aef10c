from datetime import datetime

from sqlalchemy import ForeignKey, String
from sqlalchemy.orm import Mapped, mapped_column, relationship

from deeplearn.infrastructure.models import Base, new_id, now


class LearningSessionModel(Base):
    """One learner working through one lesson."""

    __tablename__ = "learning_sessions"

    id: Mapped[str] = mapped_column(String(32), primary_key=True, default=new_id)
    lesson_id: Mapped[str] = mapped_column(String(32), index=True)
    unit_id: Mapped[str | None] = mapped_column(String(32), index=True)
    user_id: Mapped[int] = mapped_column(ForeignKey("users.id"), index=True)
    status: Mapped[str] = mapped_column(String(20), default="active")
    exercises: Mapped[int] = mapped_column(default=0)
    started_at: Mapped[datetime] = mapped_column(default=now)
    completed_at: Mapped[datetime | None]

    attempts: Mapped[list["AttemptModel"]] = relationship(
        back_populates="session", order_by="AttemptModel.id", cascade="all, delete-orphan"
    )


class AttemptModel(Base):
    __tablename__ = "attempts"

    id: Mapped[int] = mapped_column(primary_key=True)
    session_id: Mapped[str] = mapped_column(ForeignKey("learning_sessions.id"), index=True)
    exercise_id: Mapped[str] = mapped_column(String(40))
    is_correct: Mapped[bool]
    seconds: Mapped[float] = mapped_column(default=0.0)
    created_at: Mapped[datetime] = mapped_column(default=now)

    session: Mapped[LearningSessionModel] = relationship(back_populates="attempts")
