"""The tables. `Session` is a sitting of a reader, not one of SQLAlchemy's."""

from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import JSON, Column, DateTime, Enum, ForeignKey, Index, String, Table, Text, TypeDecorator, text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from comic_pile.clock import in_utc, now
from comic_pile.database import Base


class Moment(TypeDecorator[datetime]):
    """A time in UTC, on databases that keep zones and on those that do not."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Any) -> datetime | None:
        return None if value is None else in_utc(value)

    def process_result_value(self, value: datetime | None, dialect: Any) -> datetime | None:
        return None if value is None else in_utc(value)


class ThreadStatus(StrEnum):
    ACTIVE = "active"
    FINISHED = "finished"


class EventKind(StrEnum):
    ROLLED = "rolled"
    CHOSEN = "chosen"
    DISMISSED = "dismissed"
    RATED = "rated"
    SNOOZED = "snoozed"
    WOKEN = "woken"
    UNDONE = "undone"


def words(enumeration: type[StrEnum]) -> Enum:
    """A column of the words of an enumeration, as plain text."""
    return Enum(enumeration, native_enum=False, length=10, values_callable=lambda members: [m.value for m in members])


class User(Base):
    __tablename__ = "users"

    id: Mapped[int] = mapped_column(primary_key=True)
    email: Mapped[str] = mapped_column(String(200), unique=True)
    name: Mapped[str] = mapped_column(String(80))
    password_hash: Mapped[str] = mapped_column(String(200))
    is_admin: Mapped[bool] = mapped_column(default=False)
    is_active: Mapped[bool] = mapped_column(default=True)
    created_at: Mapped[datetime] = mapped_column(Moment, default=now)

    threads: Mapped[list["Thread"]] = relationship(back_populates="user", cascade="all, delete-orphan")
    sessions: Mapped[list["Session"]] = relationship(back_populates="user", cascade="all, delete-orphan")
    tokens: Mapped[list["Token"]] = relationship(back_populates="user", cascade="all, delete-orphan")


class Token(Base):
    """A token that was handed out. What descends from one login is one family."""

    __tablename__ = "tokens"

    id: Mapped[str] = mapped_column(String(32), primary_key=True)
    family: Mapped[str] = mapped_column(String(32), index=True)
    kind: Mapped[str] = mapped_column(String(10))
    user_id: Mapped[int] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"), index=True)
    expires_at: Mapped[datetime] = mapped_column(Moment)
    revoked_at: Mapped[datetime | None] = mapped_column(Moment)

    user: Mapped[User] = relationship(back_populates="tokens")


class Thread(Base):
    """A run of comics that is read in order. Those that are active stand in the queue, from position 1 on."""

    __tablename__ = "threads"
    __table_args__ = (Index("queue_of_user", "user_id", "status", "position"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    user_id: Mapped[int] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"))
    title: Mapped[str] = mapped_column(String(120))
    format: Mapped[str] = mapped_column(String(40))
    issues_left: Mapped[int] = mapped_column(default=1)
    status: Mapped[ThreadStatus] = mapped_column(words(ThreadStatus), default=ThreadStatus.ACTIVE)
    position: Mapped[int] = mapped_column(default=0)
    notes: Mapped[str] = mapped_column(Text, default="")
    last_rating: Mapped[float | None]
    last_read_at: Mapped[datetime | None] = mapped_column(Moment)
    created_at: Mapped[datetime] = mapped_column(Moment, default=now)

    user: Mapped[User] = relationship(back_populates="threads")
    events: Mapped[list["Event"]] = relationship(back_populates="thread", order_by="Event.id")


session_snoozes = Table(
    "session_snoozes",
    Base.metadata,
    Column("session_id", ForeignKey("sessions.id", ondelete="CASCADE"), primary_key=True),
    Column("thread_id", ForeignKey("threads.id", ondelete="CASCADE"), primary_key=True),
)


class Session(Base):
    """A sitting: it begins with the first look at the queue and ends by hand, or after some hours."""

    __tablename__ = "sessions"
    __table_args__ = (
        Index(
            "one_open_session",
            "user_id",
            unique=True,
            sqlite_where=text("ended_at IS NULL"),
            postgresql_where=text("ended_at IS NULL"),
        ),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    user_id: Mapped[int] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"))
    started_at: Mapped[datetime] = mapped_column(Moment, default=now)
    ended_at: Mapped[datetime | None] = mapped_column(Moment)
    die: Mapped[int]
    pending_id: Mapped[int | None] = mapped_column(ForeignKey("threads.id", ondelete="SET NULL"))

    user: Mapped[User] = relationship(back_populates="sessions")
    pending: Mapped[Thread | None] = relationship(lazy="selectin")
    snoozed: Mapped[list[Thread]] = relationship(secondary=session_snoozes, order_by=Thread.position, lazy="selectin")
    events: Mapped[list["Event"]] = relationship(
        back_populates="session", order_by="Event.id", cascade="all, delete-orphan"
    )
    snapshots: Mapped[list["Snapshot"]] = relationship(
        back_populates="session", order_by="Snapshot.id", cascade="all, delete-orphan"
    )


class Event(Base):
    __tablename__ = "events"

    id: Mapped[int] = mapped_column(primary_key=True)
    session_id: Mapped[int] = mapped_column(ForeignKey("sessions.id", ondelete="CASCADE"), index=True)
    thread_id: Mapped[int | None] = mapped_column(ForeignKey("threads.id", ondelete="SET NULL"))
    kind: Mapped[EventKind] = mapped_column(words(EventKind))
    die: Mapped[int]
    result: Mapped[int | None]
    rating: Mapped[float | None]
    created_at: Mapped[datetime] = mapped_column(Moment, default=now)

    session: Mapped[Session] = relationship(back_populates="events")
    thread: Mapped[Thread | None] = relationship(back_populates="events", lazy="selectin")

    @property
    def title(self) -> str | None:
        """The title of the thread, if it is still there."""
        return self.thread.title if self.thread else None


class Snapshot(Base):
    """How queue and session stood before something was done."""

    __tablename__ = "snapshots"

    id: Mapped[int] = mapped_column(primary_key=True)
    session_id: Mapped[int] = mapped_column(ForeignKey("sessions.id", ondelete="CASCADE"), index=True)
    reason: Mapped[str] = mapped_column(String(200))
    state: Mapped[dict[str, Any]] = mapped_column(JSON)
    created_at: Mapped[datetime] = mapped_column(Moment, default=now)

    session: Mapped[Session] = relationship(back_populates="snapshots")
