"""Where the text of the Bible comes from, and how passages are named."""

import re
from dataclasses import dataclass
from typing import Protocol

from verse.clients.text import ABBREVIATIONS, CHAPTERS
from verse.errors import NotFound, VerseError
from verse.schemas import Passage, VerseRead

REFERENCE = re.compile(r"\s*([1-3]?\s*[a-z]+)\.?\s+(\d{1,3})(?::(\d{1,3})(?:\s*[-–]\s*(\d{1,3}))?)?\s*", re.IGNORECASE)


@dataclass(frozen=True)
class Reference:
    book: str
    chapter: int
    first: int | None = None
    last: int | None = None

    def __str__(self) -> str:
        if self.first is None:
            return f"{self.book} {self.chapter}"
        verses = f"{self.first}" if self.last in (None, self.first) else f"{self.first}-{self.last}"
        return f"{self.book} {self.chapter}:{verses}"


def book_name(text: str) -> str:
    """The full name of a book, of which the reader may have given a part."""
    key = re.sub(r"^([1-3])\s*", r"\1 ", " ".join(text.lower().rstrip(".").split()))
    if key not in ABBREVIATIONS:
        raise NotFound(f"no such book: {text.strip()}")
    return ABBREVIATIONS[key]


def parse_reference(text: str) -> Reference:
    match = REFERENCE.fullmatch(text)
    if match is None:
        raise VerseError(f"not a passage: {text}")
    book, chapter, first, last = match.groups()
    reference = Reference(book_name(book), int(chapter), first and int(first), last and int(last))
    if reference.first and reference.last and reference.last < reference.first:
        raise VerseError("a passage can't end before it begins")
    return reference


class BibleClient(Protocol):
    async def chapter(self, book: str, chapter: int) -> list[str]: ...


class LocalBible:
    """The chapters that ship with the reader."""

    async def chapter(self, book: str, chapter: int) -> list[str]:
        if (book, chapter) not in CHAPTERS:
            raise NotFound(f"no such chapter: {book} {chapter}")
        return CHAPTERS[book, chapter]


def cut(reference: Reference, verses: list[str]) -> Passage:
    """The verses of a chapter that a reference means."""
    first = reference.first or 1
    last = reference.last or reference.first or len(verses)
    if first > len(verses):
        raise NotFound(f"{reference.book} {reference.chapter} has {len(verses)} verses")
    numbered = list(enumerate(verses, start=1))[first - 1 : last]
    return Passage(reference=str(reference), verses=[VerseRead(number=n, text=text) for n, text in numbered])
