"""What one session sees of another, and what one reader sees of another."""

import pytest
from sqlalchemy import select

from comic_pile.database import SessionLocal
from comic_pile.models import Thread, User
from comic_pile.services import queue


@pytest.fixture
def second(database):
    with SessionLocal() as session:
        yield session


def titles(db):
    return db.scalars(select(Thread.title).order_by(Thread.title)).all()


def test_what_is_not_committed_is_not_seen(db, second, user):
    db.add(Thread(user_id=user.id, title="Hidden", format="trade"))
    db.flush()
    assert titles(db) == ["Hidden"]
    assert titles(second) == []
    db.rollback()
    assert titles(second) == []


def test_what_is_committed_is_seen(db, second, user):
    db.add(Thread(user_id=user.id, title="Seen", format="trade"))
    db.commit()
    assert titles(second) == ["Seen"]


def test_a_rollback_takes_everything_back(db, second, user, pile):
    user_id = user.id
    thread = queue.thread(db, user_id, pile[0])
    queue.place(db, thread, 5)
    db.flush()
    db.rollback()
    assert [thread.id for thread in queue.active(second, user_id)] == pile


def test_an_old_object_is_read_again(db, second, user, pile):
    mine = queue.thread(db, user.id, pile[0])
    assert mine.title == "Saltwater"
    db.commit()
    theirs = second.get(Thread, pile[0])
    theirs.title = "Fresh Water"
    second.commit()
    db.refresh(mine)
    assert mine.title == "Fresh Water"


def test_a_user_takes_everything_along(client, db, user, pile):
    client.get("/sessions/current")
    db.delete(db.get(User, user.id))
    db.commit()
    assert titles(db) == []
    assert client.get("/auth/me").status_code == 401


def test_two_readers_play_side_by_side(client, other, pile, make_threads, as_other, dice_show):
    make_threads(other, ["Theirs"])
    dice_show(1)
    assert client.post("/roll").json()["session"]["pending"]["title"] == "Saltwater"
    assert client.post("/roll", headers=as_other).json()["session"]["pending"]["title"] == "Theirs"
    client.post("/rate", json={"rating": 5})
    assert client.get("/sessions/current", headers=as_other).json()["pending"]["title"] == "Theirs"
    assert client.get("/analytics/summary", headers=as_other).json()["read"] == 0
