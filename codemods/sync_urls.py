"""What makes a sync engine of its own is given the URL of an async one with a sync driver of its database.

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
from .drivers import dialects, sync_drivernames
from .edit import Edit, Wrap

NAME = "sync-urls"


def decide(program: Program) -> Iterator[Decision]:
    """A decision for each URL of an async engine that a sync one is made of."""
    for function, node in sync_urls(program):
        name = _drivername(program, function.source.text(node))
        if name:
            edits: list[Edit] = [Wrap(*function.source.span(node), "", f".set(drivername={name})")]
            yield decided(program, NAME, Work(function.source, node, "name the sync driver", edits))


def _drivername(program: Program, url: str) -> str:
    """An expression that names the sync driver for a URL; "" where the project's drivers do both."""
    used, known = dialects(program), sync_drivernames(program)
    names = {one: other for one, other in known.items() if not used or one.partition("+")[0] in used}
    if used <= {name.partition("+")[0] for name in names}:
        if all("+" not in name for name in names.values()):
            return f"{url}.get_backend_name()"
        if len(names) == 1:
            return f'"{next(iter(names.values()))}"'
    pairs = ", ".join(f'"{one}": "{other}"' for one, other in names.items())
    return f"{{{pairs}}}.get({url}.drivername, {url}.drivername)" if names else ""


def rewrite(decision: Decision, program: Program) -> Iterator[Edit]:
    """The edits that were worked out when the decision was made."""
    yield from carried(decision)
