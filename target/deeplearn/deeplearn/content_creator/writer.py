"""Who writes the content. The one that ships needs no network; others only have to look the same."""

from collections.abc import AsyncIterator
from typing import Protocol

from deeplearn.content.dtos import Exercise, LessonPackage


class Writer(Protocol):
    async def outline(self, topic: str, lessons: int) -> list[str]: ...

    async def lesson(self, topic: str, title: str) -> LessonPackage: ...

    async def podcast(self, topic: str, titles: list[str]) -> str: ...

    def speech(self, transcript: str) -> AsyncIterator[bytes]: ...


class TemplateWriter:
    PARTS = ("What it is", "Why it matters", "How it works", "Where it is used", "What to remember")

    async def outline(self, topic: str, lessons: int) -> list[str]:
        return [f"{self.PARTS[number % len(self.PARTS)]}: {topic}"[:120] for number in range(lessons)]

    async def lesson(self, topic: str, title: str) -> LessonPackage:
        exercise = Exercise(id="e1", question=f"What is this lesson about: {title}?", choices=[topic, "Tea"], answer=0)
        return LessonPackage(objectives=[f"Explain {topic}"], text=f"{title}. Read on.", exercises=[exercise])

    async def podcast(self, topic: str, titles: list[str]) -> str:
        return f"Welcome to {topic}. Today: {'; '.join(titles)}."

    async def speech(self, transcript: str) -> AsyncIterator[bytes]:
        for word in transcript.split():
            yield word.encode().ljust(1600, b"\0")
