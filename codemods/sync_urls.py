"""What makes a sync engine of its own is given the URL of an async one with the default driver of its database.

config.set_main_option("sqlalchemy.url", str(engine.url))
->  config.set_main_option("sqlalchemy.url", str(engine.url.set(drivername=engine.url.get_backend_name())))

create_database(engine.url)
->  create_database(engine.url.set(drivername=engine.url.get_backend_name()))
"""

from __future__ import annotations

from collections.abc import Iterator

from ..analysis.decisions import Decision
from ..analysis.program import Program
from ..analysis.sync_urls import sync_urls
from .carried import Work, carried, decided
from .edit import Edit, Wrap

NAME = "sync-urls"


def decide(program: Program) -> Iterator[Decision]:
    """A decision for each URL of an async engine that a sync one is made of."""
    for function, node in sync_urls(program):
        text = function.source.text(node)
        edits: list[Edit] = [Wrap(*function.source.span(node), "", f".set(drivername={text}.get_backend_name())")]
        yield decided(program, NAME, Work(function.source, node, "name the sync driver", edits))


def rewrite(decision: Decision, program: Program) -> Iterator[Edit]:
    """The edits that were worked out when the decision was made."""
    yield from carried(decision)
