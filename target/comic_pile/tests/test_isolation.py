"""What one session sees of another, and what one reader sees of another."""

import pytest
from sqlalchemy import select

from comic_pile.database import SessionLocal
from comic_pile.models import Thread, User
from comic_pile.services import queue


@pytest.fixture
async def second(database):
    async with SessionLocal() as session:
        yield session


async def titles(db):
    return (await db.scalars(select(Thread.title).order_by(Thread.title))).all()


async def test_what_is_not_committed_is_not_seen(db, second, user):
    db.add(Thread(user_id=user.id, title="Hidden", format="trade"))
    await db.flush()
    assert await titles(db) == ["Hidden"]
    assert await titles(second) == []
    await db.rollback()
    assert await titles(second) == []


async def test_what_is_committed_is_seen(db, second, user):
    db.add(Thread(user_id=user.id, title="Seen", format="trade"))
    await db.commit()
    assert await titles(second) == ["Seen"]


async def test_a_rollback_takes_everything_back(db, second, user, pile):
    user_id = user.id
    thread = await queue.thread(db, user_id, pile[0])
    await queue.place(db, thread, 5)
    await db.flush()
    await db.rollback()
    assert [thread.id for thread in await queue.active(second, user_id)] == pile


async def test_an_old_object_is_read_again(db, second, user, pile):
    mine = await queue.thread(db, user.id, pile[0])
    assert mine.title == "Saltwater"
    await db.commit()
    theirs = await second.get(Thread, pile[0])
    theirs.title = "Fresh Water"
    await second.commit()
    await db.refresh(mine)
    assert mine.title == "Fresh Water"


async def test_a_user_takes_everything_along(client, db, user, pile):
    await client.get("/sessions/current")
    await db.delete(await db.get(User, user.id))
    await db.commit()
    assert await titles(db) == []
    assert (await client.get("/auth/me")).status_code == 401


async def test_two_readers_play_side_by_side(client, other, pile, make_threads, as_other, dice_show):
    await make_threads(other, ["Theirs"])
    dice_show(1)
    assert (await client.post("/roll")).json()["session"]["pending"]["title"] == "Saltwater"
    assert (await client.post("/roll", headers=as_other)).json()["session"]["pending"]["title"] == "Theirs"
    await client.post("/rate", json={"rating": 5})
    assert (await client.get("/sessions/current", headers=as_other)).json()["pending"]["title"] == "Theirs"
    assert (await client.get("/analytics/summary", headers=as_other)).json()["read"] == 0
