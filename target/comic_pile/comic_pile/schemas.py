"""What goes in and out over HTTP."""

from datetime import datetime
from typing import Annotated

from fastapi import Path, Query
from pydantic import AfterValidator, BaseModel, ConfigDict, Field, StringConstraints

from comic_pile.models import EventKind, ThreadStatus
from comic_pile.services.sheets import MOST_ISSUES

LARGEST = 2**31 - 1  # what a column of whole numbers holds


def _printable(text: str) -> str:
    if "\0" in text:
        raise ValueError("must not contain NUL")
    return text


PlainText = Annotated[str, StringConstraints(strip_whitespace=True), AfterValidator(_printable)]
Title = Annotated[PlainText, StringConstraints(min_length=1, max_length=120)]
Format = Annotated[PlainText, StringConstraints(min_length=1, max_length=40)]
Notes = Annotated[PlainText, StringConstraints(max_length=4000)]
Name = Annotated[PlainText, StringConstraints(min_length=1, max_length=80)]
Email = Annotated[PlainText, StringConstraints(max_length=200, pattern=r"^[^@\s]+@[^@\s]+\.[^@\s]+$")]
Password = Annotated[str, StringConstraints(min_length=8, max_length=200)]
Issues = Annotated[int, Field(ge=0, le=MOST_ISSUES)]
Rating = Annotated[float, Field(ge=0.5, le=5, multiple_of=0.5)]
Id = Annotated[int, Path(ge=1, le=LARGEST)]
Offset = Annotated[int, Query(ge=0, le=LARGEST)]
Limit = Annotated[int, Query(ge=1, le=100)]


class Record(BaseModel):
    """What is read from a mapped object."""

    model_config = ConfigDict(from_attributes=True)


class Problem(BaseModel):
    detail: str


class Health(BaseModel):
    status: str
    database: str


class Registration(BaseModel):
    email: Email
    name: Name
    password: Password


class Login(BaseModel):
    email: Email
    password: Password


class Refresh(BaseModel):
    refresh_token: Annotated[str, Field(max_length=2000)]


class PasswordChange(BaseModel):
    old_password: Password
    new_password: Password


class Tokens(Record):
    access_token: str
    refresh_token: str
    token_type: str = "bearer"


class Revoked(BaseModel):
    revoked: int


class UserRead(Record):
    id: int
    email: str
    name: str
    is_admin: bool
    is_active: bool


class ThreadCreate(BaseModel):
    title: Title
    format: Format
    issues_left: Annotated[int, Field(ge=1, le=MOST_ISSUES)] = 1
    notes: Notes = ""


class ThreadChange(BaseModel):
    """What is left out, or null, stays as it is."""

    title: Title | None = None
    format: Format | None = None
    issues_left: Issues | None = None
    notes: Notes | None = None


class ThreadRead(Record):
    id: int
    title: str
    format: str
    issues_left: int
    status: ThreadStatus
    position: int
    notes: str
    last_rating: float | None
    last_read_at: datetime | None
    created_at: datetime


class Reactivation(BaseModel):
    issues_left: Annotated[int, Field(ge=1, le=MOST_ISSUES)]


class Imported(BaseModel):
    added: int
    skipped: int


class Position(BaseModel):
    position: Annotated[int, Field(ge=1, le=LARGEST)]


class Order(BaseModel):
    ids: Annotated[list[Annotated[int, Field(ge=1, le=LARGEST)]], Field(max_length=5000)]


class QueueRead(BaseModel):
    die: int
    within_reach: list[int]
    threads: list[ThreadRead]


class SessionRead(Record):
    id: int
    started_at: datetime
    ended_at: datetime | None
    die: int
    pending: ThreadRead | None
    snoozed: list[ThreadRead]


class SessionSummary(BaseModel):
    id: int
    started_at: datetime
    ended_at: datetime | None
    rolls: int
    read: int
    average: float | None


class EventRead(Record):
    id: int
    kind: EventKind
    thread_id: int | None
    title: str | None
    die: int
    result: int | None
    rating: float | None
    created_at: datetime


class Rolled(BaseModel):
    result: int
    session: SessionRead


class Choice(BaseModel):
    thread_id: Annotated[int, Field(ge=1, le=LARGEST)]


class Die(BaseModel):
    sides: Annotated[int, Field(ge=1, le=100)]


class RatingCreate(BaseModel):
    rating: Rating
    issues_read: Annotated[int, Field(ge=1, le=100)] = 1


class Rated(BaseModel):
    session: SessionRead
    thread: ThreadRead


class Preview(BaseModel):
    rating: float
    die: int
    goes_to: str


class SnapshotRead(Record):
    id: int
    reason: str
    created_at: datetime


class SummaryRead(Record):
    threads: int
    active: int
    finished: int
    issues_left: int
    sessions: int
    read: int
    average: float | None


class ShareRead(Record):
    key: str
    count: int
    average: float | None


class RatingCount(BaseModel):
    rating: float
    times: int


class Activity(BaseModel):
    is_active: bool


class Totals(BaseModel):
    users: int
    active_users: int
    threads: int
    open_sessions: int
    events: int


class Purged(BaseModel):
    tokens: int
