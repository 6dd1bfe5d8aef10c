"""The tables, which the service and the program at the desk share."""

from sqlalchemy import (
    JSON,
    Boolean,
    Column,
    Date,
    DateTime,
    Float,
    ForeignKey,
    Integer,
    String,
    Table,
    Text,
    UniqueConstraint,
)
from sqlalchemy.orm import backref, relationship

from soul_sense.clock import utcnow
from soul_sense.database import Base


class User(Base):
    __tablename__ = "users"

    id = Column(Integer, primary_key=True)
    username = Column(String(40), unique=True, nullable=False)
    email = Column(String(200), unique=True, nullable=False)
    password_hash = Column(String(200), nullable=False)
    is_active = Column(Boolean, nullable=False, default=True)
    is_staff = Column(Boolean, nullable=False, default=False)
    created_at = Column(DateTime, nullable=False, default=utcnow)
    last_login = Column(DateTime)

    settings = relationship("UserSettings", back_populates="user", uselist=False, cascade="all, delete-orphan")
    personal = relationship("PersonalProfile", back_populates="user", uselist=False, cascade="all, delete-orphan")
    strengths = relationship("StrengthsProfile", back_populates="user", uselist=False, cascade="all, delete-orphan")
    exams = relationship("Exam", back_populates="user", order_by="Exam.id", cascade="all, delete-orphan")
    entries = relationship(
        "JournalEntry", back_populates="user", order_by="JournalEntry.id", cascade="all, delete-orphan"
    )
    tags = relationship("Tag", back_populates="user", order_by="Tag.name", cascade="all, delete-orphan")
    earned = relationship(
        "EarnedAchievement", back_populates="user", order_by="EarnedAchievement.id", cascade="all, delete-orphan"
    )
    streaks = relationship("Streak", back_populates="user", order_by="Streak.kind", cascade="all, delete-orphan")
    logins = relationship("Login", back_populates="user", cascade="all, delete-orphan")
    codes = relationship("OneTimeCode", back_populates="user", cascade="all, delete-orphan")

    @property
    def display_name(self):
        """What others see: the full name where there is one."""
        if self.personal and self.personal.full_name:
            return self.personal.full_name
        return self.username

    def __repr__(self):
        return f"<User {self.username}>"


class UserSettings(Base):
    __tablename__ = "user_settings"

    id = Column(Integer, primary_key=True)
    user_id = Column(ForeignKey("users.id", ondelete="CASCADE"), unique=True, nullable=False)
    theme = Column(String(20), nullable=False, default="light")
    language = Column(String(10), nullable=False, default="en")
    reminders = Column(Boolean, nullable=False, default=True)
    on_leaderboard = Column(Boolean, nullable=False, default=True)
    updated_at = Column(DateTime, nullable=False, default=utcnow, onupdate=utcnow)

    user = relationship("User", back_populates="settings")


class PersonalProfile(Base):
    __tablename__ = "personal_profiles"

    id = Column(Integer, primary_key=True)
    user_id = Column(ForeignKey("users.id", ondelete="CASCADE"), unique=True, nullable=False)
    full_name = Column(String(120))
    birth_year = Column(Integer)
    occupation = Column(String(120))
    about = Column(Text)

    user = relationship("User", back_populates="personal")


class StrengthsProfile(Base):
    __tablename__ = "strengths_profiles"

    id = Column(Integer, primary_key=True)
    user_id = Column(ForeignKey("users.id", ondelete="CASCADE"), unique=True, nullable=False)
    strengths = Column(JSON, nullable=False, default=list)
    challenges = Column(JSON, nullable=False, default=list)
    goals = Column(JSON, nullable=False, default=list)

    user = relationship("User", back_populates="strengths")


class Question(Base):
    __tablename__ = "questions"

    id = Column(Integer, primary_key=True)
    text = Column(String(300), unique=True, nullable=False)
    category = Column(String(40), nullable=False, index=True)
    is_reversed = Column(Boolean, nullable=False, default=False)
    is_active = Column(Boolean, nullable=False, default=True)


class Exam(Base):
    __tablename__ = "exams"

    id = Column(Integer, primary_key=True)
    user_id = Column(ForeignKey("users.id", ondelete="CASCADE"), nullable=False, index=True)
    started_at = Column(DateTime, nullable=False, default=utcnow)
    finished_at = Column(DateTime)
    score = Column(Float)

    user = relationship("User", back_populates="exams")
    responses = relationship(
        "Response", back_populates="exam", order_by="Response.question_id", cascade="all, delete-orphan"
    )

    @property
    def is_finished(self):
        return self.finished_at is not None


class Response(Base):
    __tablename__ = "responses"
    __table_args__ = (UniqueConstraint("exam_id", "question_id"),)

    id = Column(Integer, primary_key=True)
    exam_id = Column(ForeignKey("exams.id", ondelete="CASCADE"), nullable=False)
    question_id = Column(ForeignKey("questions.id"), nullable=False)
    value = Column(Integer, nullable=False)

    exam = relationship("Exam", back_populates="responses")
    question = relationship("Question", lazy="selectin")


entry_tags = Table(
    "entry_tags",
    Base.metadata,
    Column("entry_id", ForeignKey("journal_entries.id", ondelete="CASCADE"), primary_key=True),
    Column("tag_id", ForeignKey("tags.id", ondelete="CASCADE"), primary_key=True),
)


class Tag(Base):
    __tablename__ = "tags"
    __table_args__ = (UniqueConstraint("user_id", "name"),)

    id = Column(Integer, primary_key=True)
    user_id = Column(ForeignKey("users.id", ondelete="CASCADE"), nullable=False)
    name = Column(String(40), nullable=False)

    user = relationship("User", back_populates="tags")
    entries = relationship("JournalEntry", secondary=entry_tags, back_populates="tags")


class JournalEntry(Base):
    """A page of the journal. One that was deleted can be brought back until it is purged."""

    __tablename__ = "journal_entries"

    id = Column(Integer, primary_key=True)
    user_id = Column(ForeignKey("users.id", ondelete="CASCADE"), nullable=False, index=True)
    follows_id = Column(ForeignKey("journal_entries.id", ondelete="SET NULL"))
    title = Column(String(120), nullable=False)
    content = Column(Text, nullable=False, default="")
    mood = Column(Integer, nullable=False)
    written_on = Column(Date, nullable=False)
    created_at = Column(DateTime, nullable=False, default=utcnow)
    updated_at = Column(DateTime, nullable=False, default=utcnow, onupdate=utcnow)
    deleted_at = Column(DateTime)

    user = relationship("User", back_populates="entries")
    tags = relationship("Tag", secondary=entry_tags, back_populates="entries", order_by="Tag.name", lazy="selectin")
    follows = relationship("JournalEntry", remote_side=[id], backref=backref("followed_by", order_by=id), lazy="selectin", join_depth=1)


class Achievement(Base):
    __tablename__ = "achievements"

    id = Column(Integer, primary_key=True)
    code = Column(String(40), unique=True, nullable=False)
    title = Column(String(80), nullable=False)
    points = Column(Integer, nullable=False)


class EarnedAchievement(Base):
    __tablename__ = "earned_achievements"
    __table_args__ = (UniqueConstraint("user_id", "achievement_id"),)

    id = Column(Integer, primary_key=True)
    user_id = Column(ForeignKey("users.id", ondelete="CASCADE"), nullable=False)
    achievement_id = Column(ForeignKey("achievements.id"), nullable=False)
    earned_at = Column(DateTime, nullable=False, default=utcnow)

    user = relationship("User", back_populates="earned")
    achievement = relationship("Achievement", lazy="joined")


class Streak(Base):
    __tablename__ = "streaks"
    __table_args__ = (UniqueConstraint("user_id", "kind"),)

    id = Column(Integer, primary_key=True)
    user_id = Column(ForeignKey("users.id", ondelete="CASCADE"), nullable=False)
    kind = Column(String(20), nullable=False)
    length = Column(Integer, nullable=False, default=0)
    longest = Column(Integer, nullable=False, default=0)
    last_day = Column(Date)

    user = relationship("User", back_populates="streaks")


class Login(Base):
    """A token that is valid for some hours; only its hash is kept."""

    __tablename__ = "logins"

    id = Column(Integer, primary_key=True)
    user_id = Column(ForeignKey("users.id", ondelete="CASCADE"), nullable=False, index=True)
    token_hash = Column(String(64), unique=True, nullable=False)
    created_at = Column(DateTime, nullable=False, default=utcnow)
    expires_at = Column(DateTime, nullable=False)
    revoked_at = Column(DateTime)

    user = relationship("User", back_populates="logins")


class OneTimeCode(Base):
    __tablename__ = "one_time_codes"

    id = Column(Integer, primary_key=True)
    user_id = Column(ForeignKey("users.id", ondelete="CASCADE"), nullable=False, index=True)
    code_hash = Column(String(64), nullable=False)
    attempts = Column(Integer, nullable=False, default=0)
    expires_at = Column(DateTime, nullable=False)
    used_at = Column(DateTime)

    user = relationship("User", back_populates="codes")


class SyncedSetting(Base):
    """A setting of some client, whose newest version wins."""

    __tablename__ = "synced_settings"
    __table_args__ = (UniqueConstraint("user_id", "key"),)

    id = Column(Integer, primary_key=True)
    user_id = Column(ForeignKey("users.id", ondelete="CASCADE"), nullable=False)
    key = Column(String(80), nullable=False)
    value = Column(JSON)
    version = Column(Integer, nullable=False, default=1)
    updated_at = Column(DateTime, nullable=False, default=utcnow, onupdate=utcnow)

    user = relationship("User", backref=backref("synced", cascade="all, delete-orphan", order_by="SyncedSetting.key"))


class AuditEvent(Base):
    """What was done to an account. It outlives the account."""

    __tablename__ = "audit_events"

    id = Column(Integer, primary_key=True)
    user_id = Column(ForeignKey("users.id", ondelete="SET NULL"), index=True)
    action = Column(String(40), nullable=False)
    detail = Column(String(200), nullable=False, default="")
    created_at = Column(DateTime, nullable=False, default=utcnow)

    user = relationship("User", backref=backref("audit_events", order_by=id, passive_deletes=True))
