"""The arguments of a call, with their values."""

from __future__ import annotations

import ast

from .library import Callable, library
from .values import NOTHING, ClassObject, Values

# The positional arguments as they are written, with their values, and the values of the keywords.
Arguments = tuple[list[tuple[ast.expr, Values]], dict[str, Values]]


def called(known: Callable | None, arguments: Arguments) -> Arguments:
    """The arguments that a library itself may call."""
    if known is None or not known.passes_on:
        return arguments
    positional, keywords = arguments
    named = {known.named: keywords[known.named]} if known.named in keywords else {}
    return positional[known.position : known.position + 1], named


def makes_async_sessions(arguments: Arguments) -> bool:
    """Is this `sessionmaker(class_=AsyncSession)`, as it was written before there was an `async_sessionmaker`?"""
    wanted = arguments[1].get("class_", NOTHING)
    return any(
        isinstance(v, ClassObject) and library().is_a(v.cls, "sqlalchemy.ext.asyncio.AsyncSession") for v in wanted
    )
