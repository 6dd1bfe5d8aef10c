"""Have a unit made: `python -m deeplearn.scripts.create_unit "Bread" --lessons 4 --podcast`."""

import argparse
import asyncio
import sys
from collections.abc import Sequence

from deeplearn import registry  # noqa: F401  (all tables are known before they are created)
from deeplearn.content_creator.public import (
    FlowRunRead,
    UnitRequest,
    content_creator_provider,
)
from deeplearn.infrastructure.public import infrastructure_provider


async def create(request: UnitRequest) -> FlowRunRead:
    infrastructure = infrastructure_provider()
    async with infrastructure.get_session_context() as session:
        return await content_creator_provider(session).create_unit(request)


async def run(request: UnitRequest) -> int:
    """The exit code: 1 where the unit could not be made."""
    made = await create(request)
    print(f"{made.status}: unit {made.unit_id}, run {made.id}")
    return 0 if made.status == "completed" else 1


async def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description="Have a unit made.")
    parser.add_argument("topic")
    parser.add_argument("--level", choices=["beginner", "intermediate", "advanced"], default="beginner")
    parser.add_argument("--lessons", type=int, default=3)
    parser.add_argument("--podcast", action="store_true")
    given = parser.parse_args(arguments)
    return await run(
        UnitRequest(topic=given.topic, learner_level=given.level, lessons=given.lessons, with_podcast=given.podcast)
    )


if __name__ == "__main__":
    sys.exit(asyncio.run(main()))
