"""What goes in and out over HTTP."""

from datetime import date, datetime
from typing import Annotated, Any

from fastapi import Path, Query
from pydantic import AfterValidator, BaseModel, ConfigDict, Field, StringConstraints

LARGEST = 2**31 - 1  # what a column of whole numbers holds


def _printable(text: str) -> str:
    if "\0" in text:
        raise ValueError("must not contain NUL")
    return text


PlainText = Annotated[str, StringConstraints(strip_whitespace=True), AfterValidator(_printable)]
UserName = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9_.-]{3,40}$")]
Email = Annotated[PlainText, StringConstraints(max_length=200, pattern=r"^[^@\s]+@[^@\s]+\.[^@\s]+$")]
Password = Annotated[str, StringConstraints(min_length=8, max_length=200)]
Code = Annotated[str, StringConstraints(pattern=r"^[0-9]{6}$")]
Line = Annotated[PlainText, StringConstraints(min_length=1, max_length=120)]
Body = Annotated[PlainText, StringConstraints(max_length=20_000)]
TagName = Annotated[PlainText, StringConstraints(min_length=1, max_length=40)]
Key = Annotated[str, Path(pattern=r"^[A-Za-z0-9_.-]{1,80}$")]
Mood = Annotated[int, Field(ge=1, le=10)]
Day = Annotated[date, Field(ge=date(1900, 1, 1), le=date(2200, 1, 1))]
Id = Annotated[int, Path(ge=1, le=LARGEST)]
Search = Annotated[PlainText | None, Query(max_length=120)]
Offset = Annotated[int, Query(ge=0, le=LARGEST)]
Limit = Annotated[int, Query(ge=1, le=100)]


class Record(BaseModel):
    """What is read from a mapped object."""

    model_config = ConfigDict(from_attributes=True)


class Health(BaseModel):
    status: str
    database: str


class Registration(BaseModel):
    username: UserName
    email: Email
    password: Password


class Token(BaseModel):
    access_token: str
    token_type: str = "bearer"


class Revoked(BaseModel):
    revoked: int


class CodeRequest(BaseModel):
    email: Email


class PasswordReset(BaseModel):
    email: Email
    code: Code
    new_password: Password


class PasswordChange(BaseModel):
    old_password: Password
    new_password: Password


class Farewell(BaseModel):
    password: Password


class SettingsRead(Record):
    theme: str
    language: str
    reminders: bool
    on_leaderboard: bool


class SettingsChange(BaseModel):
    """What is left out, or null, stays as it is."""

    theme: Annotated[str, StringConstraints(pattern="^(light|dark|system)$")] | None = None
    language: Annotated[str, StringConstraints(pattern="^[a-z]{2}$")] | None = None
    reminders: bool | None = None
    on_leaderboard: bool | None = None


class UserRead(Record):
    id: int
    username: str
    email: str
    display_name: str
    settings: SettingsRead | None


class PublicUser(Record):
    username: str
    display_name: str


class UserPage(BaseModel):
    total: int
    items: list[PublicUser]


class AuditRead(Record):
    action: str
    detail: str
    created_at: datetime


class PersonalRead(Record):
    full_name: str | None
    birth_year: int | None
    occupation: str | None
    about: str | None


class PersonalChange(BaseModel):
    full_name: Line | None = None
    birth_year: Annotated[int, Field(ge=1900, le=2100)] | None = None
    occupation: Line | None = None
    about: Body | None = None


class StrengthsRead(Record):
    strengths: list[str]
    challenges: list[str]
    goals: list[str]


class StrengthsChange(BaseModel):
    strengths: Annotated[list[Line], Field(max_length=20)] | None = None
    challenges: Annotated[list[Line], Field(max_length=20)] | None = None
    goals: Annotated[list[Line], Field(max_length=20)] | None = None


class Completeness(BaseModel):
    percent: int


class QuestionRead(Record):
    id: int
    text: str
    category: str


class ResponseRead(Record):
    question_id: int
    value: int
    question: QuestionRead


class ExamRead(Record):
    id: int
    started_at: datetime
    finished_at: datetime | None
    score: float | None
    responses: list[ResponseRead]


class Answer(BaseModel):
    question_id: Annotated[int, Field(ge=1, le=LARGEST)]
    value: Annotated[int, Field(ge=1, le=5)]


class ResultRead(Record):
    id: int
    finished_at: datetime
    score: float


class ResultPage(BaseModel):
    total: int
    items: list[ResultRead]


class ResultDetail(BaseModel):
    id: int
    finished_at: datetime
    score: float
    level: str
    categories: dict[str, float]
    percentile: int | None


class CategoryMean(BaseModel):
    category: str
    mean: float
    answers: int


class TagRead(Record):
    name: str


class EntryCreate(BaseModel):
    title: Line
    content: Body = ""
    mood: Mood
    tags: Annotated[list[TagName], Field(max_length=20)] = []
    written_on: Day | None = None
    follows_id: Annotated[int, Field(ge=1, le=LARGEST)] | None = None


class EntryChange(BaseModel):
    """What is left out, or null, stays as it is."""

    title: Line | None = None
    content: Body | None = None
    mood: Mood | None = None
    tags: Annotated[list[TagName], Field(max_length=20)] | None = None
    written_on: Day | None = None


class EntryRead(Record):
    id: int
    title: str
    content: str
    mood: int
    written_on: date
    updated_at: datetime
    tags: list[TagRead]


class EntryPage(BaseModel):
    total: int
    items: list[EntryRead]


class Rename(BaseModel):
    name: TagName


class Statistics(BaseModel):
    count: int
    mean: float | None
    median: float | None
    spread: float | None


class MoodStatistics(Statistics):
    trend: float


class DayMood(BaseModel):
    day: date
    mood: float


class DayScore(BaseModel):
    day: date
    score: float


class Scores(BaseModel):
    scores: list[DayScore]
    trend: float


class Correlation(BaseModel):
    days: int
    correlation: float | None


class Population(BaseModel):
    users: int
    assessments: int
    mean: float | None
    levels: dict[str, int]


class HardQuestion(BaseModel):
    text: str
    mean: float
    answers: int


class EarnedRead(BaseModel):
    code: str
    title: str
    earned_at: datetime


class StreakRead(BaseModel):
    kind: str
    length: int
    longest: int
    last_day: date | None


class Standing(BaseModel):
    points: int
    achievements: list[EarnedRead]
    streaks: list[StreakRead]


class Place(BaseModel):
    rank: int
    name: str
    points: int


class SettingWrite(BaseModel):
    value: Any
    version: Annotated[int, Field(ge=0, le=LARGEST - 1)] = 0


class SettingRead(Record):
    key: str
    value: Any
    version: int
    updated_at: datetime
