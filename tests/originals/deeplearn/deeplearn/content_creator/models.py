from datetime import datetime
from typing import Any

from sqlalchemy import JSON, ForeignKey, String, Text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from deeplearn.infrastructure.models import Base, new_id, now


class FlowRunModel(Base):
    """One time that content was made: what was asked for, and what came of it."""

    __tablename__ = "flow_runs"

    id: Mapped[str] = mapped_column(String(32), primary_key=True, default=new_id)
    flow: Mapped[str] = mapped_column(String(60))
    user_id: Mapped[int | None] = mapped_column(ForeignKey("users.id"), index=True)
    unit_id: Mapped[str | None] = mapped_column(String(32), index=True)
    status: Mapped[str] = mapped_column(String(20), default="running", index=True)
    inputs: Mapped[dict[str, Any]] = mapped_column(JSON)
    error_message: Mapped[str | None] = mapped_column(Text)
    started_at: Mapped[datetime] = mapped_column(default=now)
    completed_at: Mapped[datetime | None]

    steps: Mapped[list["FlowStepModel"]] = relationship(
        back_populates="run", order_by="FlowStepModel.id", cascade="all, delete-orphan"
    )


class FlowStepModel(Base):
    __tablename__ = "flow_steps"

    id: Mapped[int] = mapped_column(primary_key=True)
    run_id: Mapped[str] = mapped_column(ForeignKey("flow_runs.id"), index=True)
    name: Mapped[str] = mapped_column(String(60))
    output: Mapped[str] = mapped_column(Text)
    created_at: Mapped[datetime] = mapped_column(default=now)

    run: Mapped[FlowRunModel] = relationship(back_populates="steps")
