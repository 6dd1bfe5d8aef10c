"""Texts as vectors, so that similar ones can be found."""

import hashlib
import math
import re
from collections import Counter
from collections.abc import Sequence
from typing import Protocol

DIMENSIONS = 64
STOP_WORDS = frozenset(
    "a an and are as at be but by did do does for from he his how i in is it me my not of on or".split()
)
STOP_WORDS |= frozenset("she so that the they this to was we were what when where which who why with you your".split())


class EmbeddingClient(Protocol):
    async def embed(self, texts: Sequence[str]) -> list[list[float]]: ...


def words(text: str) -> list[str]:
    return [word for word in re.findall(r"[a-z']+", text.lower()) if word not in STOP_WORDS]


def embedding_of(text: str) -> list[float]:
    """A vector of length one that counts the words; empty of words, it is zero."""
    vector = [0.0] * DIMENSIONS
    for word, count in Counter(words(text)).items():
        vector[int.from_bytes(hashlib.sha256(word.encode()).digest()[:4]) % DIMENSIONS] += count
    length = math.sqrt(sum(value * value for value in vector))
    return [round(value / length, 6) for value in vector] if length else vector


def similarity(left: Sequence[float], right: Sequence[float]) -> float:
    return sum(a * b for a, b in zip(left, right, strict=True))


class LocalEmbeddings:
    async def embed(self, texts: Sequence[str]) -> list[list[float]]:
        return [embedding_of(text) for text in texts]
