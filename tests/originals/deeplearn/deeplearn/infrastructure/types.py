"""Kinds of input that several modules take."""

from typing import Annotated

from fastapi import Path, Query
from pydantic import AfterValidator, Field, StringConstraints

LARGEST = 2**31 - 1


def without_nul(text: str) -> str:
    """PostgreSQL can't keep the character NUL in a text."""
    if "\x00" in text:
        raise ValueError("the character NUL is not allowed")
    return text


Text = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1), AfterValidator(without_nul)]
Title = Annotated[Text, Field(max_length=120)]
LongText = Annotated[Text, Field(max_length=20_000)]
Level = Annotated[str, StringConstraints(pattern="^(beginner|intermediate|advanced)$")]
Key = Annotated[str, Path(pattern="^[0-9a-f]{32}$")]
KeyText = Annotated[str, StringConstraints(pattern="^[0-9a-f]{32}$")]
Limit = Annotated[int, Query(ge=1, le=100)]
Offset = Annotated[int, Query(ge=0, le=LARGEST)]
