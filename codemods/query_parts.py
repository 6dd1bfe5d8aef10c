"""Queries that ask for their rows in parts, where an AsyncSession can only give all of them at once."""

from __future__ import annotations

from collections.abc import Iterator

from ..analysis.queries import Link
from ..analysis.source import Source
from ..analysis.statements import IN_PARTS, options_in_parts
from .arguments import change
from .edit import Edit
from .query_methods import Rewriting
from .query_text import dropped

OFF = {"stream_results": "False", "yield_per": "None"}


def asked_in_parts(link: Link) -> set[str]:
    """The options by which a method asks for parts."""
    if link.name == "yield_per":
        return {link.name}
    options = options_in_parts(link.keywords) if link.name == "execution_options" else []
    return {str(option.arg) for option in options}


def in_one_go(link: Link, source: Source) -> Iterator[Edit]:
    """The method without that."""
    options = options_in_parts(link.keywords)
    if link.call is None or link.name == "yield_per" or len(options) == len(link.keywords):
        yield dropped(link, source)
    else:
        yield from change(source, link.call, options, [])


def off_again(rewriting: Rewriting) -> str:
    """The options that take back what was asked for in other statements."""
    names = rewriting.earlier_names() & IN_PARTS
    if rewriting.is_complete:
        names = frozenset(name for step in rewriting.earlier_steps() for name in asked_in_parts(step.link))
    return ", ".join(f"{name}={OFF[name]}" for name in sorted(names))
