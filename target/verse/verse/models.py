from datetime import UTC, datetime

from sqlalchemy import (
    JSON,
    DateTime,
    ForeignKey,
    Index,
    String,
    Text,
    TypeDecorator,
    UniqueConstraint,
)
from sqlalchemy.ext.asyncio import AsyncAttrs
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column, relationship


def now() -> datetime:
    return datetime.now(UTC)


class UtcDateTime(TypeDecorator):
    """A point in time: in UTC and aware of it, also where the database forgets time zones."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value, dialect):
        return None if value is None else value.astimezone(UTC)

    def process_result_value(self, value, dialect):
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


class Base(AsyncAttrs, DeclarativeBase):
    id: Mapped[int] = mapped_column(primary_key=True)


class UserInsight(Base):
    """An insight in a reader's history. Two readers who ask the same share the insight."""

    __tablename__ = "user_insights"
    __table_args__ = (UniqueConstraint("user_id", "insight_id"),)

    user_id: Mapped[int] = mapped_column(ForeignKey("users.id"))
    insight_id: Mapped[int] = mapped_column(ForeignKey("insights.id"), index=True)
    created_at: Mapped[datetime] = mapped_column(UtcDateTime, default=now)

    insight: Mapped["Insight"] = relationship(back_populates="readers")


class UserDefinition(Base):
    __tablename__ = "user_definitions"
    __table_args__ = (UniqueConstraint("user_id", "definition_id"),)

    user_id: Mapped[int] = mapped_column(ForeignKey("users.id"))
    definition_id: Mapped[int] = mapped_column(ForeignKey("definitions.id"), index=True)
    created_at: Mapped[datetime] = mapped_column(UtcDateTime, default=now)

    definition: Mapped["Definition"] = relationship(back_populates="readers")


class User(Base):
    __tablename__ = "users"

    public_id: Mapped[str] = mapped_column(String(32), unique=True)
    created_at: Mapped[datetime] = mapped_column(UtcDateTime, default=now)

    devices: Mapped[list["Device"]] = relationship(back_populates="user", order_by="Device.id")
    conversations: Mapped[list["Conversation"]] = relationship(back_populates="user", order_by="Conversation.id")


class Device(Base):
    __tablename__ = "devices"

    user_id: Mapped[int] = mapped_column(ForeignKey("users.id"), index=True)
    name: Mapped[str] = mapped_column(String(80))
    token_hash: Mapped[str] = mapped_column(String(64), unique=True)
    expires_at: Mapped[datetime] = mapped_column(UtcDateTime)
    revoked_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    last_active_at: Mapped[datetime] = mapped_column(UtcDateTime, default=now)
    created_at: Mapped[datetime] = mapped_column(UtcDateTime, default=now)

    user: Mapped[User] = relationship(back_populates="devices")


class LinkCode(Base):
    __tablename__ = "link_codes"

    user_id: Mapped[int] = mapped_column(ForeignKey("users.id"), index=True)
    code_hash: Mapped[str] = mapped_column(String(64), unique=True)
    status: Mapped[str] = mapped_column(String(10), default="pending")
    expires_at: Mapped[datetime] = mapped_column(UtcDateTime)
    created_at: Mapped[datetime] = mapped_column(UtcDateTime, default=now)


class Insight(Base):
    __tablename__ = "insights"

    reference: Mapped[str] = mapped_column(String(80), unique=True)
    passage: Mapped[str] = mapped_column(Text)
    background: Mapped[str] = mapped_column(Text)
    meaning: Mapped[str] = mapped_column(Text)
    practice: Mapped[str] = mapped_column(Text)
    created_at: Mapped[datetime] = mapped_column(UtcDateTime, default=now)

    readers: Mapped[list[UserInsight]] = relationship(back_populates="insight")
    messages: Mapped[list["InsightMessage"]] = relationship(back_populates="insight", order_by="InsightMessage.id")


class Definition(Base):
    __tablename__ = "definitions"
    __table_args__ = (UniqueConstraint("word", "reference"),)

    word: Mapped[str] = mapped_column(String(60))
    reference: Mapped[str] = mapped_column(String(80))
    sense: Mapped[str] = mapped_column(Text)
    usage: Mapped[str] = mapped_column(Text)
    created_at: Mapped[datetime] = mapped_column(UtcDateTime, default=now)

    readers: Mapped[list[UserDefinition]] = relationship(back_populates="definition")


class InsightMessage(Base):
    """What was said about an insight, by one reader and the assistant."""

    __tablename__ = "insight_messages"
    __table_args__ = (Index("ix_insight_messages_reader", "user_id", "insight_id"),)

    insight_id: Mapped[int] = mapped_column(ForeignKey("insights.id"))
    user_id: Mapped[int] = mapped_column(ForeignKey("users.id"))
    role: Mapped[str] = mapped_column(String(10))
    content: Mapped[str] = mapped_column(Text)
    embedding: Mapped[list[float] | None] = mapped_column(JSON(none_as_null=True))
    created_at: Mapped[datetime] = mapped_column(UtcDateTime, default=now)

    insight: Mapped[Insight] = relationship(back_populates="messages")


class Conversation(Base):
    __tablename__ = "conversations"

    user_id: Mapped[int] = mapped_column(ForeignKey("users.id"), index=True)
    title: Mapped[str] = mapped_column(String(120))
    reference: Mapped[str | None] = mapped_column(String(80))
    created_at: Mapped[datetime] = mapped_column(UtcDateTime, default=now)
    updated_at: Mapped[datetime] = mapped_column(UtcDateTime, default=now, onupdate=now)

    user: Mapped[User] = relationship(back_populates="conversations")
    messages: Mapped[list["ConversationMessage"]] = relationship(
        back_populates="conversation", order_by="ConversationMessage.id", cascade="all, delete-orphan"
    )


class ConversationMessage(Base):
    __tablename__ = "conversation_messages"

    conversation_id: Mapped[int] = mapped_column(ForeignKey("conversations.id"), index=True)
    role: Mapped[str] = mapped_column(String(10))
    content: Mapped[str] = mapped_column(Text)
    embedding: Mapped[list[float] | None] = mapped_column(JSON(none_as_null=True))
    created_at: Mapped[datetime] = mapped_column(UtcDateTime, default=now)

    conversation: Mapped[Conversation] = relationship(back_populates="messages")
