"""Fill a new installation: `python -m scripts.seed`. Running it again adds nothing."""

import asyncio

from sqlalchemy.ext.asyncio import AsyncSession

from comic_pile.database import Base, SessionLocal, engine
from comic_pile.models import EventKind, User
from comic_pile.security import hash_password
from comic_pile.services import accounts, queue, sessions

PASSWORD = "change me soon"
READERS = [("admin@pile.example", "Ramona", True), ("reader@pile.example", "Enid", False)]
THREADS = [
    ("Night Ferry", "issues", 24, "Read the first arc in one go."),
    ("The Cartographers", "trade", 6, ""),
    ("Salt and Iron", "issues", 12, ""),
    ("Hollow Crown Street", "omnibus", 2, "Heavy: only at home."),
    ("Postcards from Io", "webcomic", 140, "Updates on Tuesdays."),
    ("Grandmother Wolf", "trade", 3, ""),
    ("Sparrow, Unlimited", "issues", 60, ""),
    ("Two Clocks", "one-shot", 1, ""),
]
RATINGS = [("Night Ferry", 4.5), ("Salt and Iron", 3.0), ("Postcards from Io", 4.0)]


async def add_readers(db: AsyncSession) -> list[int]:
    added = []
    for email, name, is_admin in READERS:
        if await accounts.by_email(db, email) is None:
            added.append(User(email=email, name=name, is_admin=is_admin, password_hash=hash_password(PASSWORD)))
    db.add_all(added)
    await db.commit()
    return [user.id for user in added]


async def add_queue(db: AsyncSession, user_id: int) -> None:
    """A queue, and an evening on which some of it was read."""
    for title, format, issues_left, notes in THREADS:
        await queue.add(db, user_id, title, format, issues_left, notes)
    session = await sessions.current(db, user_id)
    by_title = {thread.title: thread for thread in await queue.active(db, user_id)}
    for title, rating in RATINGS:
        thread = by_title[title]
        thread.last_rating = rating
        db.add(sessions.note(session, EventKind.RATED, thread.id, rating=rating))
    await sessions.end(db, user_id)


async def main() -> None:
    async with engine.begin() as connection:
        await connection.run_sync(Base.metadata.create_all)
    async with SessionLocal() as db:
        readers = await add_readers(db)
        for user_id in readers:
            await add_queue(db, user_id)
    print(f"{len(readers)} readers added")


if __name__ == "__main__":
    asyncio.run(main())
