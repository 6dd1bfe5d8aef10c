"""Who explains and answers. The one that ships needs no network; others only have to look the same."""

from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from typing import Protocol

from verse.clients.embedding import words
from verse.schemas import Passage


@dataclass(frozen=True)
class Explanation:
    background: str
    meaning: str
    practice: str


@dataclass(frozen=True)
class WordSense:
    sense: str
    usage: str


@dataclass(frozen=True)
class Turn:
    """What one side has said."""

    role: str
    content: str


class Assistant(Protocol):
    async def explain(self, passage: Passage) -> Explanation: ...

    async def define(self, word: str, passage: Passage) -> WordSense: ...

    def reply(self, turns: Sequence[Turn], remembered: Sequence[str]) -> AsyncIterator[str]: ...


class LocalAssistant:
    """Says plainly what stands in the text."""

    async def explain(self, passage: Passage) -> Explanation:
        themes = ", ".join(dict.fromkeys(words(passage.text))) or "silence"
        return Explanation(
            background=f"{passage.reference} is {len(passage.verses)} verses long.",
            meaning=f"The passage speaks of {themes[:200]}.",
            practice=f"Read {passage.reference} aloud, and stay with the word that holds you.",
        )

    async def define(self, word: str, passage: Passage) -> WordSense:
        verses = [verse.number for verse in passage.verses if word.lower() in verse.text.lower()]
        places = f"verse {verses[0]}" if verses else "the verses around it"
        return WordSense(
            sense=f"“{word}” as {places} uses it.", usage=f"Found {len(verses)} times in {passage.reference}."
        )

    async def reply(self, turns: Sequence[Turn], remembered: Sequence[str]) -> AsyncIterator[str]:
        yield f"You asked: {turns[-1].content}"
        if remembered:
            yield f" Earlier you spoke of: {remembered[0]}"
        yield f" This is turn {len(turns)} of our talk."
