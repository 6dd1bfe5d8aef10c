from datetime import datetime
from typing import Any

from sqlalchemy import JSON, ForeignKey, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from deeplearn.infrastructure.models import Base, new_id, now


class UnitModel(Base):
    __tablename__ = "units"

    id: Mapped[str] = mapped_column(String(32), primary_key=True, default=new_id)
    user_id: Mapped[int | None] = mapped_column(ForeignKey("users.id"), index=True)
    title: Mapped[str] = mapped_column(String(120))
    description: Mapped[str] = mapped_column(Text, default="")
    learner_level: Mapped[str] = mapped_column(String(20))
    is_global: Mapped[bool] = mapped_column(default=False, index=True)
    status: Mapped[str] = mapped_column(String(20), default="completed", index=True)
    error_message: Mapped[str | None] = mapped_column(Text)
    creation_progress: Mapped[dict[str, Any] | None] = mapped_column(JSON)
    lesson_order: Mapped[list[str]] = mapped_column(JSON, default=list)
    podcast_transcript: Mapped[str | None] = mapped_column(Text)
    podcast_voice: Mapped[str | None] = mapped_column(String(60))
    podcast_audio_id: Mapped[str | None] = mapped_column(ForeignKey("audios.id"))
    created_at: Mapped[datetime] = mapped_column(default=now)
    updated_at: Mapped[datetime] = mapped_column(default=now, onupdate=now)

    lessons: Mapped[list["LessonModel"]] = relationship(back_populates="unit", order_by="LessonModel.created_at")
    sessions: Mapped[list["UnitSessionModel"]] = relationship(back_populates="unit", cascade="all, delete-orphan")


class LessonModel(Base):
    __tablename__ = "lessons"

    id: Mapped[str] = mapped_column(String(32), primary_key=True, default=new_id)
    unit_id: Mapped[str | None] = mapped_column(ForeignKey("units.id"), index=True)
    title: Mapped[str] = mapped_column(String(120))
    learner_level: Mapped[str] = mapped_column(String(20))
    package: Mapped[dict[str, Any]] = mapped_column(JSON)
    created_at: Mapped[datetime] = mapped_column(default=now)

    unit: Mapped[UnitModel | None] = relationship(back_populates="lessons")


class UnitSessionModel(Base):
    """How far a learner has come in a unit."""

    __tablename__ = "unit_sessions"
    __table_args__ = (UniqueConstraint("unit_id", "user_id"),)

    id: Mapped[str] = mapped_column(String(32), primary_key=True, default=new_id)
    unit_id: Mapped[str] = mapped_column(ForeignKey("units.id"))
    user_id: Mapped[int] = mapped_column(ForeignKey("users.id"), index=True)
    status: Mapped[str] = mapped_column(String(20), default="active")
    progress: Mapped[float] = mapped_column(default=0.0)
    last_lesson_id: Mapped[str | None] = mapped_column(String(32))
    completed_lesson_ids: Mapped[list[str]] = mapped_column(JSON, default=list)
    started_at: Mapped[datetime] = mapped_column(default=now)
    completed_at: Mapped[datetime | None]

    unit: Mapped[UnitModel] = relationship(back_populates="sessions")
