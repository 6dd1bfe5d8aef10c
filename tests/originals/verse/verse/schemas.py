from datetime import datetime
from typing import Annotated, Literal

from fastapi import Path, Query
from pydantic import AfterValidator, BaseModel, ConfigDict, Field, StringConstraints

LARGEST = 2**31 - 1
VERSION = 1


def without_nul(text: str) -> str:
    """PostgreSQL can't keep the character NUL in a text."""
    if "\x00" in text:
        raise ValueError("the character NUL is not allowed")
    return text


Clean = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1), AfterValidator(without_nul)]
Name = Annotated[Clean, Field(max_length=80)]
Reference = Annotated[Clean, Field(max_length=80, examples=["John 3:16"])]
Word = Annotated[Clean, Field(max_length=60)]
Message = Annotated[Clean, Field(max_length=4000)]
LongText = Annotated[Clean, Field(max_length=20000)]
Key = Annotated[int, Path(ge=1, le=LARGEST)]
Limit = Annotated[int, Query(ge=1, le=100)]
Offset = Annotated[int, Query(ge=0, le=LARGEST)]


class Row(BaseModel):
    """Read from a mapped object."""

    model_config = ConfigDict(from_attributes=True)


class Health(BaseModel):
    status: Literal["ok", "unavailable"]
    database: str


class VerseRead(BaseModel):
    number: int
    text: str


class Passage(BaseModel):
    reference: str
    verses: list[VerseRead]

    @property
    def text(self) -> str:
        return " ".join(verse.text for verse in self.verses)


class UserCreate(BaseModel):
    device: Name = "Browser"


class Token(BaseModel):
    token: str
    expires_at: datetime


class Registered(Token):
    public_id: str


class DeviceRead(Row):
    id: int
    name: str
    created_at: datetime
    last_active_at: datetime
    is_current: bool = False


class UserRead(Row):
    public_id: str
    created_at: datetime
    devices: list[DeviceRead]


class LinkCodeRead(BaseModel):
    code: str
    expires_at: datetime


class LinkAccept(BaseModel):
    code: Annotated[Clean, Field(max_length=20)]
    device: Name = "Browser"


class Deleted(BaseModel):
    deleted: int


class PassageAsk(BaseModel):
    reference: Reference


class InsightRead(Row):
    id: int
    reference: str
    passage: str
    background: str
    meaning: str
    practice: str


class WordAsk(BaseModel):
    word: Word
    reference: Reference


class DefinitionRead(Row):
    id: int
    word: str
    reference: str
    sense: str
    usage: str


class MessageCreate(BaseModel):
    content: Message


class MessageRead(Row):
    id: int
    role: str
    content: str
    created_at: datetime


class ConversationCreate(MessageCreate):
    reference: Reference | None = None


class ConversationRead(Row):
    id: int
    title: str
    reference: str | None
    created_at: datetime
    updated_at: datetime


# One reader's data, to take along


class Said(Row):
    role: Literal["user", "assistant"]
    content: LongText
    created_at: datetime


class InsightExport(BaseModel):
    reference: Reference
    passage: LongText
    background: LongText
    meaning: LongText
    practice: LongText
    messages: list[Said] = Field(default=[], max_length=1000)


class DefinitionExport(BaseModel):
    word: Word
    reference: Reference
    sense: LongText
    usage: LongText


class ConversationExport(BaseModel):
    title: Annotated[Clean, Field(max_length=120)]
    reference: Reference | None = None
    messages: list[Said] = Field(default=[], max_length=1000)


class Export(BaseModel):
    version: Literal[1] = VERSION
    insights: list[InsightExport] = Field(default=[], max_length=1000)
    definitions: list[DefinitionExport] = Field(default=[], max_length=1000)
    conversations: list[ConversationExport] = Field(default=[], max_length=1000)


class Cleared(BaseModel):
    insights: int = 0
    definitions: int = 0
    insight_messages: int = 0
    conversations: int = 0


class Imported(Cleared):
    pass
