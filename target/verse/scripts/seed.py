"""A reader with some history, to try things with: `python -m scripts.seed`. Prints the reader's token."""

import asyncio

from verse.api.dependencies import chat, definitions, insights, users
from verse.database import SessionLocal, engine
from verse.models import Base

PASSAGES = ["Psalm 23", "John 1:1-5", "Genesis 1:3"]
WORDS = [("shepherd", "Psalm 23:1"), ("light", "John 1:4-5")]
TALKS = [
    ("Why does light come before the sun?", ["And what is called night?"]),
    ("Where can I find comfort in grief?", []),
]


async def read_and_ask(db, user_id) -> None:
    for reference in PASSAGES:
        insight = await insights.explain(db, user_id, reference)
        async for _ in chat.ask_about(db, user_id, insight, f"What is {reference} about?"):
            pass
    for word, reference in WORDS:
        await definitions.define(db, user_id, word, reference)


async def talk(db, user_id) -> None:
    for first, further in TALKS:
        conversation = await chat.start(db, user_id, first)
        for content in [first, *further]:
            async for _ in chat.say(db, user_id, conversation, content):
                pass


async def fill(db) -> str:
    """The token of the new reader."""
    user, _, token = await users.register(db, "Seed")
    await read_and_ask(db, user.id)
    await talk(db, user.id)
    return token


async def main() -> None:
    async with engine.begin() as connection:
        await connection.run_sync(Base.metadata.create_all)
    async with SessionLocal() as db:
        print(await fill(db))


if __name__ == "__main__":
    asyncio.run(main())
