"""Fill an empty platform: `python -m deeplearn.scripts.create_seed_data`. Running it again adds nothing."""

import asyncio

from deeplearn import registry  # noqa: F401  (all tables are known before they are created)
from deeplearn.content.dtos import Exercise, LessonPackage
from deeplearn.content.public import (
    ContentProvider,
    LessonCreate,
    UnitCreate,
    content_provider,
)
from deeplearn.infrastructure.public import infrastructure_provider
from user.public import UserCreate, user_provider
from user.repo import UserRepo
from user.sessions import user_session

USERS = [
    ("ada@deeplearn.example", "Ada", False),
    ("grace@deeplearn.example", "Grace", False),
    ("admin@deeplearn.example", "Administrator", True),
]
PASSWORD = "change me soon"
UNITS = {
    "Street photography": ["Light in the street", "People and distance", "Choosing the moment"],
    "Bread": ["Flour and water", "Fermentation", "Baking"],
    "Probability": ["Chance and counting", "Conditional probability"],
}


async def add_users() -> dict[str, int]:
    """The users by name; those who are there already stay as they are."""
    found = {}
    async with user_session() as session:
        for email, name, is_admin in USERS:
            known = await UserRepo(session).by_email(email)
            if known is None:
                data = UserCreate(email=email, name=name, password=PASSWORD)
                found[name] = (await user_provider(session).register(data, is_admin=is_admin)).id
            else:
                found[name] = known.id
    return found


async def add_units(content: ContentProvider, user_id: int) -> int:
    known = {unit.title for unit in await content.list_global_units()}
    added = 0
    for title, lessons in UNITS.items():
        if title in known:
            continue
        unit = await content.create_unit(UnitCreate(title=title, user_id=user_id, is_global=True))
        for lesson in lessons:
            await content.save_lesson(LessonCreate(title=lesson, package=package(lesson), unit_id=unit.id))
        added += 1
    return added


def package(title: str) -> LessonPackage:
    question = f"What comes first when you think of “{title}”?"
    exercise = Exercise(id="first", question=question, choices=["Looking closely", "Buying something"], answer=0)
    return LessonPackage(objectives=[f"Say what matters about {title.lower()}"], text=title, exercises=[exercise])


async def add_podcast(content: ContentProvider) -> None:
    """Give the first unit that has none a short silent podcast."""
    unit = next((unit for unit in await content.list_global_units() if not unit.has_podcast), None)
    if unit is not None:
        await content.save_unit_podcast_from_bytes(
            unit.id, transcript=f"About {unit.title}", content=bytes(176_400), content_type="audio/wav", voice="Plain"
        )


async def main() -> None:
    infrastructure = infrastructure_provider()
    infrastructure.initialize()
    await infrastructure.create_tables()
    users = await add_users()
    async with infrastructure.get_session_context() as session:
        content = content_provider(session)
        added = await add_units(content, users["Ada"])
        if added:
            await add_podcast(content)
    await infrastructure.shutdown()
    print(f"{added} units added")


if __name__ == "__main__":
    asyncio.run(main())
