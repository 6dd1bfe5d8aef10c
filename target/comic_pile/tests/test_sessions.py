"""Sittings: how they begin, how they end, what they hold."""

from datetime import timedelta

import pytest
from sqlalchemy import func, select
from sqlalchemy.exc import IntegrityError

from comic_pile.clock import now
from comic_pile.models import Session
from comic_pile.services import sessions


@pytest.fixture
def make_session(db):
    async def make(user, hours_ago, **values):
        session = Session(user_id=user.id, started_at=now() - timedelta(hours=hours_ago), die=values.pop("die", 8))
        for name, value in values.items():
            setattr(session, name, value)
        db.add(session)
        await db.commit()
        return session.id

    return make


async def test_the_first_look_begins_a_session(client):
    body = (await client.get("/sessions/current")).json()
    assert (body["die"], body["ended_at"], body["pending"], body["snoozed"]) == (6, None, None, [])


async def test_the_second_look_finds_the_same_session(client):
    assert (await client.get("/sessions/current")).json() == (await client.get("/sessions/current")).json()


async def test_each_reader_has_a_session(client, as_other):
    mine, theirs = (await client.get("/sessions/current")).json(), (await client.get("/sessions/current", headers=as_other)).json()
    assert mine["id"] != theirs["id"]


async def test_end_a_session(client):
    session = (await client.get("/sessions/current")).json()
    ended = (await client.post("/sessions/current/end")).json()
    assert (ended["id"], ended["rolls"], ended["read"], ended["average"]) == (session["id"], 0, 0, None)
    assert ended["ended_at"] is not None
    assert (await client.get("/sessions/current")).json()["id"] != session["id"]


async def test_there_is_nothing_to_end(client):
    response = await client.post("/sessions/current/end")
    assert (response.status_code, response.json()) == (404, {"detail": "there is no open session"})


async def test_a_roll_does_not_outlive_its_session(client, pile):
    await client.post("/roll/choice", json={"thread_id": pile[0]})
    session_id = (await client.get("/sessions/current")).json()["id"]
    await client.post("/sessions/current/end")
    assert (await client.get(f"/sessions/{session_id}")).json()["pending"] is None


async def test_the_next_session_goes_on_with_the_die(client):
    await client.put("/roll/die", json={"sides": 12})
    await client.post("/sessions/current/end")
    assert (await client.get("/sessions/current")).json()["die"] == 12


@pytest.mark.parametrize(("hours", "same"), [(0.5, True), (5.9, True), (6.1, False), (100, False)])
async def test_old_sessions_end_by_themselves(client, user, make_session, hours, same):
    session_id = await make_session(user, hours)
    assert ((await client.get("/sessions/current")).json()["id"] == session_id) is same


async def test_a_session_that_was_forgotten_ended_after_its_hours(client, user, make_session):
    session_id = await make_session(user, 50)
    await client.get("/sessions/current")
    body = (await client.get(f"/sessions/{session_id}")).json()
    assert body["ended_at"] is not None
    assert (await client.post("/sessions/current/end")).json()["id"] != session_id


@pytest.mark.parametrize(("hours", "over"), [(0, False), (5, False), (6, True), (7, True)])
def test_is_over(hours, over):
    assert sessions.is_over(Session(started_at=now() - timedelta(hours=hours))) is over


async def test_the_database_allows_one_open_session(db, user, make_session):
    await make_session(user, 1)
    user_id = user.id
    db.add(Session(user_id=user_id, die=6))
    with pytest.raises(IntegrityError):
        await db.commit()
    await db.rollback()
    assert await db.scalar(select(func.count()).select_from(Session).filter_by(user_id=user_id)) == 1


async def test_somebody_was_faster(db, user, make_session, monkeypatch):
    """The session that appears while the lock is waited for is taken; no second one is made."""
    session_id = await make_session(user, 1)
    found, answers = sessions.open_session, [None]

    async def late(db, user_id):
        return answers.pop() if answers else await found(db, user_id)

    monkeypatch.setattr(sessions, "open_session", late)
    session = await sessions.current(db, user.id)
    assert session.id == session_id


async def test_history_begins_with_the_last(client, user, make_session):
    ids = [await make_session(user, hours, ended_at=now()) for hours in (30, 20, 10)]
    assert [session["id"] for session in (await client.get("/sessions")).json()] == ids[::-1]
    assert [session["id"] for session in (await client.get("/sessions", params={"offset": 1, "limit": 1})).json()] == [ids[1]]


@pytest.mark.parametrize("page", [{"limit": 0}, {"limit": 101}, {"offset": -1}, {"offset": 2**40}, {"limit": "x"}])
async def test_pages_that_make_no_sense(client, page):
    assert (await client.get("/sessions", params=page)).status_code == 422


@pytest.mark.parametrize("path", ["/sessions/{}", "/sessions/{}/events"])
async def test_only_ones_own_sessions(client, path, as_other):
    session_id = (await client.get("/sessions/current")).json()["id"]
    response = await client.get(path.format(session_id), headers=as_other)
    assert (response.status_code, response.json()) == (404, {"detail": "no such session"})
    assert (await client.get(path.format(987_654))).status_code == 404


async def test_events_tell_what_was_done(client, pile, dice_show):
    dice_show(2)
    await client.post("/roll")
    await client.post("/rate", json={"rating": 4.5})
    session_id = (await client.get("/sessions/current")).json()["id"]
    events = (await client.get(f"/sessions/{session_id}/events")).json()
    assert [(e["kind"], e["title"], e["die"], e["result"], e["rating"]) for e in events] == [
        ("rolled", "Night Ferry", 6, 2, None),
        ("rated", "Night Ferry", 6, None, 4.5),
    ]


async def test_events_outlive_their_threads(client, pile, dice_show):
    dice_show(1)
    await client.post("/roll")
    await client.delete("/roll")
    await client.delete(f"/threads/{pile[0]}")
    session_id = (await client.get("/sessions/current")).json()["id"]
    events = (await client.get(f"/sessions/{session_id}/events")).json()
    assert [(event["kind"], event["thread_id"], event["title"]) for event in events] == [
        ("rolled", None, None),
        ("dismissed", None, None),
    ]


async def test_the_history_has_figures(client, pile, dice_show):
    dice_show(1)
    for rating in (5, 3.5):
        await client.post("/roll")
        await client.post("/rate", json={"rating": rating})
    [summary] = (await client.get("/sessions")).json()
    assert (summary["rolls"], summary["read"], summary["average"]) == (2, 2, 4.25)
